-- Offers to compare with those chosen: what a search finds, else the other offers of their models and
-- tasks; rankable ones first, the cheapest before all.
, chosen AS (SELECT DISTINCT model_id, task FROM cards
             WHERE list_contains($offers::VARCHAR[], offer_id))
SELECT p.offer_id FROM placed p
WHERE NOT list_contains($offers::VARCHAR[], p.offer_id)
  AND ($search_terms::STRUCT(plain VARCHAR, pattern VARCHAR)[] IS NOT NULL
       OR EXISTS (SELECT 1 FROM chosen h JOIN cards c ON c.offer_id = p.offer_id
                  WHERE h.model_id = c.model_id AND h.task = c.task))
ORDER BY p.place, p.unit, p.number, p.model_id, p.inference_provider, p.offer_id
LIMIT $count::INT;
