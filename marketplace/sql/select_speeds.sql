-- Per offer and day: the medians of the speeds that were known in its hours.
SELECT offer_id, day, count(*) AS hours, round(median(throughput_tps), 3) AS throughput_tps,
       round(median(first_token_latency_ms), 3) AS first_token_latency_ms,
       round(median(request_latency_ms), 3) AS request_latency_ms
FROM sampled GROUP BY offer_id, day ORDER BY offer_id, day;
