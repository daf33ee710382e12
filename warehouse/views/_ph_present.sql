-- When an offer was last listed. Feeds that only price what other feeds name are left out: they
-- state nothing about who is offered.
CREATE OR REPLACE VIEW internal._ph_present AS
SELECT s.offer_id, max(s.seen_at) AS seen_at
FROM internal._ph_seen s LEFT JOIN internal._ph_feed f USING (feed)
WHERE NOT coalesce(f.priced_only, false) GROUP BY s.offer_id;
