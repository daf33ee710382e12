-- Their log rows, under the name of the table: the view of the ends is defined of these once more.
CREATE TEMP TABLE _ph_price_log AS
FROM internal._ph_price_log SEMI JOIN logged_offer USING (offer_id);
