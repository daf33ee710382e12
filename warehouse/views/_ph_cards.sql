-- The cards: their stored facts, and what the hour makes of them. The times of the few sets of feeds
-- and of the hour are constants of macros, which each load defines again: a query then reads one
-- table, which DuckDB prunes by zone maps, counts by its row groups, and sorts by few columns.
CREATE OR REPLACE VIEW internal._ph_cards AS
SELECT
    f.offer_id, f.source, f.model_id, f.model_name, f.author, f.inference_provider,
    f.provider_model_id, f.router_model, f.task, f.task_group, f.offer_type, f.status,
    f.status_since, f.context_length, f.supports_tools, f.supports_structured_output,
    f.is_model_author, f.input_modalities, f.output_modalities, f.region, f.region_confidence,
    f.operator_country, f.compliance_tags, f.throughput_tps, f.first_token_latency_ms,
    f.request_latency_ms,
    coalesce(f.speed_fixed_at, internal._ph_newest_at(f.speed_feeds)) AS speed_observed_at,
    f.speed_changed_at,
    f.cost_per_input_token, f.cost_per_output_token,
    f.cost_per_cached_input_token, f.cost_per_token, f.cost_per_image, f.cost_per_audio_minute,
    f.cost_per_video_second, f.cost_per_million_characters, f.estimated_cost, f.estimated_unit,
    f.currency, f.price_status, f.price_basis, f.price_reason, f.price_feed, f.router_default,
    f.router_cheapest,
    f.can_rank AND coalesce(
        least(f.price_fixed_at, internal._ph_oldest_at(f.price_feeds))
        >= internal._ph_ranked_from(), false) AS rankable,
    f.held, f.hold_reason, f.held_since, f.first_seen_at,
    greatest(f.observed_fixed_at, internal._ph_newest_at(f.observed_feeds)) AS observed_at,
    least(f.price_fixed_at, internal._ph_oldest_at(f.price_feeds)) AS price_observed_at,
    f.price_changed_at,
    internal._ph_origin() AS origin
FROM internal._ph_card_facts f;
