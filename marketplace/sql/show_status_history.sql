SELECT status, context_length, supports_tools, supports_structured_output, valid_from, valid_to
FROM status_history WHERE offer_id = $offer_id ORDER BY valid_from;
