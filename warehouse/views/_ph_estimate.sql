-- One estimate per offer. It is a claim that is never chosen, so no price is made of it.
CREATE OR REPLACE VIEW internal._ph_estimate AS
SELECT offer_id, amount, unit, currency FROM internal._ph_claim WHERE basis = 'estimate'
QUALIFY row_number() OVER (PARTITION BY offer_id ORDER BY feed, unit, tier) = 1;
