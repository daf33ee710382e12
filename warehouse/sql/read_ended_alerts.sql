SELECT alert_id, kind, "key", subject, message, opened_at, feed, settles, "before", notified_at,
       closed_at, recovery
FROM internal._ph_alert WHERE closed_at >= $since ORDER BY closed_at, alert_id;
