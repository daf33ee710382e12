-- Until when the price was stated that is kept while the gate holds one price of an offer and not the
-- offer: of cached or reasoning tokens, or of another tier. NULL: the whole offer is held, or none is
-- kept.
ALTER TABLE _ph_refusal ADD COLUMN kept_seen_at TIMESTAMPTZ;

-- Tier of the price that a finding is about.
ALTER TABLE _ph_check ADD COLUMN tier VARCHAR;
