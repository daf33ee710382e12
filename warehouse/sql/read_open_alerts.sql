SELECT alert_id, kind, "key", subject, message, opened_at, feed, settles, "before", notified_at,
       closed_at, recovery
FROM internal._ph_alert WHERE closed_at IS NULL ORDER BY opened_at, alert_id;
