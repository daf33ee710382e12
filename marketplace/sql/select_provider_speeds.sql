-- Per day: the medians over the offers of a provider whose speed was known at its end.
SELECT day, count(DISTINCT offer_id) AS offers, round(median(throughput_tps), 3) AS throughput_tps,
       round(median(first_token_latency_ms), 3) AS first_token_latency_ms,
       round(median(request_latency_ms), 3) AS request_latency_ms
FROM sampled GROUP BY day ORDER BY day;
