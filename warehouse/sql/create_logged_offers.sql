-- The offers of which a run logged a price that is not the only row of its series.
CREATE TEMP TABLE logged_offer AS
SELECT DISTINCT offer_id FROM (
    SELECT offer_id FROM internal._ph_price_log
    SEMI JOIN (FROM internal._ph_price_log WHERE run_id = $run_id) USING (offer_id)
    GROUP BY offer_id, unit, tier HAVING count(*) > 1
);
