-- When the discount in a price ends, by its source; NULL: no discount, or no stated end.
ALTER TABLE _ph_claim ADD COLUMN until TIMESTAMPTZ;
ALTER TABLE _ph_price ADD COLUMN until TIMESTAMPTZ;
