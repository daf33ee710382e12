SELECT * FROM price_history WHERE list_contains($offers::VARCHAR[], offer_id)
ORDER BY tier <> 'standard', tier, unit, valid_from, recorded_at;
