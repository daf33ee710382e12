UPDATE internal._ph_alert a SET closed_at = e.closed_at, recovery = e.recovery
FROM ended e WHERE a.alert_id = e.alert_id;
