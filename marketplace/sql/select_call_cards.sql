-- After match_months.sql: the cards of one model's chat that match, and what the tokens of one call
-- cost at each; `is_known` is false where cached tokens are among them, and their price is not known.
SELECT m.is_known, m.tokens_cost, c.* FROM months m JOIN cards c USING (offer_id)
WHERE m.failed_filters = 0 ORDER BY c.inference_provider, c.offer_id;
