-- The prices of cached or reasoning tokens and of other tiers that are held by themselves: the last
-- good one stays, and the offer's other prices go on.
CREATE OR REPLACE VIEW internal._ph_price_hold AS
SELECT offer_id, unit, tier, min(name) AS hold_reason, min(kept_seen_at) AS seen_at
FROM internal._ph_refusal
WHERE kept_seen_at IS NOT NULL AND decision <> 'accepted' AND absent_from IS NULL
GROUP BY offer_id, unit, tier;
