-- After match_contenders.sql: the cards that pass all filters and are not ranked for the mix, the
-- nearest first. Those that only lack the price of cached tokens have a cost, and are listed apart.
-- Each row repeats the counts of all; without any there is one row, with the counts alone.
, left_out AS MATERIALIZED (
    SELECT c.* FROM contenders c
    SEMI JOIN months m ON m.offer_id = c.offer_id AND m.failed_filters = 0
    WHERE c.reasons NOT IN ('', 'cached_price_not_known')
), counts AS (
    SELECT list({'reason': reason, 'n': n} ORDER BY n DESC, reason) AS left_out_counts
    FROM (SELECT reason, count(*) AS n
          FROM (SELECT unnest(string_split(reasons, ' ')) AS reason FROM left_out) GROUP BY reason)
), picked AS (
    SELECT offer_id, string_split(reasons, ' ') AS reasons, month_cost, bill,
           row_number() OVER (
               ORDER BY length(reasons) - length(replace(reasons, ' ', '')), month_cost, model_id,
                        inference_provider, offer_id) AS place
    FROM left_out
    QUALIFY place <= $count::INT
)
SELECT (SELECT count(*) FROM left_out) AS left_out_total, k.left_out_counts, x.*,
       c.* EXCLUDE (offer_id)
FROM counts k LEFT JOIN (picked x JOIN cards c ON c.offer_id = x.offer_id) ON true
ORDER BY x.place;
