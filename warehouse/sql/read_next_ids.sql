SELECT
    (SELECT coalesce(max(log_id), 0) + 1 FROM _ph_claim_log) AS claim_log,
    (SELECT coalesce(max(log_id), 0) + 1 FROM _ph_price_log) AS price_log,
    (SELECT coalesce(max(log_id), 0) + 1 FROM _ph_status_log) AS status_log,
    (SELECT coalesce(max(log_id), 0) + 1 FROM _ph_speed_log) AS speed_log,
    (SELECT coalesce(max(change_id), 0) + 1 FROM _ph_change) AS change,
    (SELECT coalesce(max(sequence), 0) + 1 FROM _ph_run) AS run;
