SELECT offer_id, throughput_tps, first_token_latency_ms, request_latency_ms, observed_at
FROM internal._ph_speed_log ORDER BY ALL;
