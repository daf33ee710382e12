-- Status and abilities over time. The newest version of each interval counts, as with prices.
CREATE OR REPLACE VIEW internal._ph_status_history AS
WITH latest AS (
    SELECT * FROM internal._ph_status_log
    QUALIFY row_number() OVER (PARTITION BY offer_id, valid_from ORDER BY log_id DESC) = 1
)
SELECT i.offer_id, o.inference_provider, i.status, i.context_length, i.supports_tools,
       i.supports_structured_output, i.valid_from, i.valid_to, i.recorded_at, i.run_id
FROM (
    SELECT *, lead(valid_from) OVER (PARTITION BY offer_id ORDER BY valid_from) AS valid_to
    FROM latest WHERE kind <> 'void'
) i JOIN internal._ph_offer o USING (offer_id)
WHERE i.kind IN ('seen', 'corrected');
