-- The log rows of the offers of which a run logged a price that is not the only one of its series,
-- under the name of their table: the view of the ends is defined of these once more.
CREATE TEMP TABLE logged_offer AS
SELECT DISTINCT offer_id FROM (
    SELECT offer_id FROM internal._ph_price_log
    SEMI JOIN (FROM internal._ph_price_log WHERE run_id = $run_id) USING (offer_id)
    GROUP BY offer_id, unit, tier HAVING count(*) > 1
);
CREATE TEMP TABLE _ph_price_log AS
FROM internal._ph_price_log SEMI JOIN logged_offer USING (offer_id);
