-- The models of which something waits: an absence for the next answer, a price for a decision, a
-- number that cannot be used for a better one, or a change that an operator asks for.
INSERT INTO touched
SELECT model_id FROM internal._ph_offer JOIN (
    SELECT offer_id FROM internal._ph_listing WHERE missed > 0
    UNION SELECT offer_id FROM internal._ph_refusal
    UNION SELECT offer_id FROM internal._ph_correction
    UNION SELECT offer_id FROM internal._ph_card
        WHERE held OR price_status IN ('suspect', 'unparsed')
    UNION SELECT offer_id FROM internal._ph_price WHERE price_status IN ('suspect', 'unparsed')
    UNION SELECT offer_id FROM internal._ph_claim
        WHERE price_status IN ('suspect', 'unparsed') OR starts_with(reason, $mark)
    UNION SELECT unnest($offers)
    UNION SELECT offer_id FROM internal._ph_offer
        WHERE gone_at IS NULL AND list_contains($providers, inference_provider)
) USING (offer_id);
