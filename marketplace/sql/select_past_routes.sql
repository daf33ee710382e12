-- Every name of a route that ever had a price per token, with all its intervals: also routes that
-- are gone. Of several tasks of one name, chat comes before the others.
WITH place AS (
    SELECT inference_provider, display_name FROM providers
    WHERE $region::VARCHAR IS NULL OR region = $region
       OR ($region = 'eea' AND region = 'eu') OR serving_countries = [upper($region)]
), past AS (
    SELECT o.model_id, o.inference_provider, place.display_name AS provider_name, o.task,
           any_value(o.task_group) AS task_group, min(o.offer_id) AS offer_id,
           min(o.first_seen_at) AS first_seen_at,
           list({'unit': h.unit, 'tier': h.tier, 'native_unit': h.native_unit,
                 'amount': CASE WHEN h.price_status IN ('priced', 'free') AND h.currency = 'USD'
                                     AND h.scope = 'public' THEN h.amount END,
                 'valid_from': h.valid_from, 'valid_to': h.valid_to}
                ORDER BY h.valid_from, h.unit, h.tier, h.offer_id) AS intervals
    FROM offers o JOIN place USING (inference_provider)
    JOIN price_history h ON h.offer_id = o.offer_id
    WHERE h.unit IN ('input_token', 'output_token', 'cached_input_token')
      AND h.basis <> 'estimate' AND ($model_id::VARCHAR IS NULL OR o.model_id = $model_id)
    GROUP BY ALL
)
SELECT model_id, inference_provider, provider_name, task, task_group, offer_id, first_seen_at,
       'unknown' AS status, NULL::BIGINT AS context_length, NULL::BOOLEAN AS supports_tools,
       NULL::BOOLEAN AS supports_structured_output, NULL::VARCHAR[] AS input_modalities,
       NULL::VARCHAR[] AS output_modalities, false AS is_default,
       NULL::TIMESTAMPTZ AS created_at, NULL AS prices, intervals
FROM past
QUALIFY row_number() OVER (PARTITION BY model_id, inference_provider
                           ORDER BY task <> 'conversational', task) = 1
ORDER BY CASE WHEN $by_provider THEN inference_provider END, model_id, inference_provider;
