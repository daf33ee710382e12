SELECT * FROM cards WHERE list_contains($offers::VARCHAR[], offer_id)
ORDER BY list_position($offers::VARCHAR[], offer_id);
