-- The stored rows of _ph_price_end_computed, so that who asks for a few intervals need not order the
-- log of all years. A load replaces those of the offers of which it logs prices; a new definition
-- stores all again.
CREATE OR REPLACE TABLE internal._ph_price_end AS
FROM internal._ph_price_end_computed ORDER BY log_id;
