SELECT offer_id, throughput_tps, first_token_latency_ms, request_latency_ms, observed_at
FROM _ph_speed_log ORDER BY ALL;
