SELECT alert_id FROM _ph_alert WHERE notified_at IS NOT NULL;
