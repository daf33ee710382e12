SELECT * FROM prices WHERE list_contains($offers::VARCHAR[], offer_id)
ORDER BY offer_id, tier <> 'standard', tier,
         unit IN ('cached_input_token', 'cache_write_token', 'reasoning_token'), unit;
