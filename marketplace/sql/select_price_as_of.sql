-- The prices of traced offers at a moment.
SELECT p.inference_provider, p.unit, p.tier, p.amount, p.currency, p.price_status, p.reason,
       p.raw_text, p.native_unit, p.native_quantity, p.valid_from, p.valid_to, p.feed, p.in_gap,
       p.offer_id
FROM price_as_of($as_of::TIMESTAMPTZ) p
WHERE EXISTS (SELECT 1 FROM traced t
              WHERE t.earlier_id = p.offer_id AND p.valid_from < t.until
                AND (t.since IS NULL OR p.valid_to IS NULL OR p.valid_to > t.since))
ORDER BY p.tier <> 'standard', p.tier, p.unit, p.amount NULLS LAST, p.inference_provider,
         p.offer_id;
