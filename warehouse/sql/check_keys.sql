-- Each row is a table whose key is not unique: the load must not commit.
SELECT 'offers' AS relation FROM _ph_offer GROUP BY offer_id HAVING count(*) > 1
UNION SELECT 'listings' FROM _ph_listing GROUP BY offer_id, feed HAVING count(*) > 1
UNION SELECT 'claims' FROM _ph_claim GROUP BY offer_id, unit, tier, feed HAVING count(*) > 1
UNION SELECT 'prices' FROM _ph_price GROUP BY offer_id, unit, tier HAVING count(*) > 1
UNION SELECT 'cards' FROM _ph_card GROUP BY offer_id HAVING count(*) > 1
UNION SELECT 'models' FROM _ph_model GROUP BY model_id HAVING count(*) > 1
UNION SELECT 'refusals' FROM _ph_refusal GROUP BY check_id HAVING count(*) > 1
UNION SELECT 'corrections' FROM _ph_correction GROUP BY offer_id, unit, tier HAVING count(*) > 1;
