UPDATE internal._ph_alert a SET notified_at = d."at"
FROM delivered d WHERE a.alert_id = d.alert_id AND a.notified_at IS NULL;
