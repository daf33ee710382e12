SELECT alert_id FROM internal._ph_alert WHERE notified_at IS NOT NULL;
