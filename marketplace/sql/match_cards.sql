-- The beginning of each statement that filters cards: each card with the filters that it fails.
-- A filter that is NULL is not set, and no card fails it; `task` takes a group or an exact task.
WITH named AS (
    SELECT c.*, p.serving_countries,
           lower(concat_ws(' ', c.model_id, c.inference_provider, p.display_name)) AS names,
           regexp_replace(names, '[^a-z0-9]+', '', 'g') AS squashed
    FROM cards c LEFT JOIN internal._ph_provider p USING (inference_provider)
), evaluated AS (
    SELECT c.offer_id, c.source, c.model_id, c.inference_provider, c.task, c.task_group,
           c.offer_type, c.status, c.region, c.compliance_tags, c.supports_tools,
           c.supports_structured_output, c.context_length, c.throughput_tps,
           c.first_token_latency_ms, c.request_latency_ms, c.cost_per_input_token,
           c.cost_per_output_token, c.cost_per_cached_input_token, c.cost_per_token, c.cost_per_image, c.cost_per_audio_minute,
           c.cost_per_video_second, c.cost_per_million_characters, c.estimated_cost,
           c.price_status, c.rankable, c.price_changed_at, c.first_seen_at, c.price_reason,
           c.price_observed_at, c.currency, c.held, c.router_default, c.router_cheapest,
           $task::VARCHAR[] IS NOT NULL AND NOT (list_contains($task::VARCHAR[], c.task_group)
               OR list_contains($task::VARCHAR[], c.task)) AS fails_task,
           -- a provider that provably serves from one country alone may have a wider region
           $region::VARCHAR[] IS NOT NULL AND NOT list_contains($region::VARCHAR[], c.region)
               AND NOT coalesce(len(c.serving_countries) = 1 AND list_contains(
                   $region::VARCHAR[], c.serving_countries[1]), false) AS fails_region,
           $inference_provider::VARCHAR[] IS NOT NULL AND NOT list_contains(
               $inference_provider::VARCHAR[], c.inference_provider) AS fails_inference_provider,
           $status::VARCHAR[] IS NOT NULL
               AND coalesce(NOT list_contains($status::VARCHAR[], c.status), true) AS fails_status,
           $offer_type::VARCHAR IS NOT NULL AND c.offer_type <> $offer_type::VARCHAR
               AS fails_offer_type,
           $tag::VARCHAR[] IS NOT NULL
               AND NOT list_has_all(c.compliance_tags, $tag::VARCHAR[]) AS fails_tag,
           $tools::BOOLEAN IS NOT NULL
               AND c.supports_tools IS DISTINCT FROM $tools::BOOLEAN AS fails_tools,
           $structured_output::BOOLEAN IS NOT NULL AND c.supports_structured_output
               IS DISTINCT FROM $structured_output::BOOLEAN AS fails_structured_output,
           coalesce($priced_only::BOOLEAN, false)
               AND c.price_status NOT IN ('priced', 'free') AS fails_priced_only,
           coalesce($rankable_only::BOOLEAN, false) AND NOT c.rankable AS fails_rankable_only,
           -- The filters without counts in the response: a card meets each one or not.
           coalesce(c.source <> $provider::VARCHAR, false) AS fails_provider,
           $search_terms::STRUCT(plain VARCHAR, pattern VARCHAR)[] IS NOT NULL
               AND NOT list_bool_and(list_transform(
                   $search_terms::STRUCT(plain VARCHAR, pattern VARCHAR)[],
                   lambda w: contains(c.names, w.plain)
                       OR coalesce(c.squashed LIKE w.pattern, false))) AS fails_search_terms,
           $model_id::VARCHAR IS NOT NULL AND c.model_id <> $model_id::VARCHAR AS fails_model_id,
           $min_context_length::BIGINT IS NOT NULL
               AND coalesce(c.context_length < $min_context_length::BIGINT, true)
               AS fails_min_context_length,
           $min_throughput_tps::DOUBLE IS NOT NULL
               AND coalesce(c.throughput_tps < $min_throughput_tps::DOUBLE, true)
               AS fails_min_throughput_tps,
           $max_first_token_latency_ms::DOUBLE IS NOT NULL AND coalesce(
               c.first_token_latency_ms > $max_first_token_latency_ms::DOUBLE, true)
               AS fails_max_first_token_latency_ms,
           $max_cost_per_token::DECIMAL(38,18) IS NOT NULL AND coalesce(
               c.cost_per_token > $max_cost_per_token::DECIMAL(38,18), true)
               AS fails_max_cost_per_token,
           $max_cost_per_image::DECIMAL(38,18) IS NOT NULL AND coalesce(
               c.cost_per_image > $max_cost_per_image::DECIMAL(38,18), true)
               AS fails_max_cost_per_image,
           $max_cost_per_audio_minute::DECIMAL(38,18) IS NOT NULL AND coalesce(
               c.cost_per_audio_minute > $max_cost_per_audio_minute::DECIMAL(38,18), true)
               AS fails_max_cost_per_audio_minute,
           $max_cost_per_video_second::DECIMAL(38,18) IS NOT NULL AND coalesce(
               c.cost_per_video_second > $max_cost_per_video_second::DECIMAL(38,18), true)
               AS fails_max_cost_per_video_second,
           fails_provider OR fails_search_terms OR fails_model_id OR fails_min_context_length
               OR fails_min_throughput_tps OR fails_max_first_token_latency_ms
               OR fails_max_cost_per_token OR fails_max_cost_per_image
               OR fails_max_cost_per_audio_minute OR fails_max_cost_per_video_second
               AS fails_other
    FROM named c
), counted AS (
    SELECT *, fails_task::INT + fails_region::INT + fails_inference_provider::INT
              + fails_status::INT + fails_offer_type::INT + fails_tag::INT + fails_tools::INT
              + fails_structured_output::INT + fails_priced_only::INT + fails_rankable_only::INT
              + fails_other::INT AS failed_filters
    FROM evaluated
)
