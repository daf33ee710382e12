SELECT inference_provider, unit, tier, amount, currency, price_status, reason, raw_text,
       native_unit, native_quantity, valid_from, valid_to, feed, in_gap, offer_id
FROM price_as_of($as_of::TIMESTAMPTZ)
WHERE model_id = $model_id
ORDER BY unit, amount NULLS LAST, inference_provider, offer_id, tier;
