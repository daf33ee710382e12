-- What all cards of an hour share. A load writes the table again.
CREATE OR REPLACE TABLE internal._ph_hour AS
SELECT observed_to - INTERVAL 24 HOUR AS ranked_from,
       (SELECT origin FROM internal._ph_run ORDER BY sequence DESC LIMIT 1) AS origin
FROM internal._ph_window;
