-- The newest version of each interval of a price series, and what ended it.
CREATE OR REPLACE VIEW internal._ph_price_interval AS
SELECT l.*, e.valid_to, e.next_kind, e.last_shown_at
FROM internal._ph_price_log l LEFT JOIN internal._ph_price_end e USING (log_id, offer_id)
WHERE l.kind <> 'void' AND NOT coalesce(e.is_replaced, false);
