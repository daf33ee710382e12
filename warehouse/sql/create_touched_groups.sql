-- The models by task group whose cards a load may change, in the order of cards and in parts of so
-- many: a route is chosen among the offers of a model and task, all else concerns one offer. Each
-- part reads all rows of five tables, so the parts of a large catalogue are larger.
CREATE OR REPLACE TEMP TABLE touched_group AS
SELECT task_group, model_id, count(*) AS offers,
       (sum(count(*)) OVER (ORDER BY model_id, task_group)
        // greatest($rows, least($most_rows, sum(count(*)) OVER () // $parts)))::INT AS part
FROM internal._ph_offer
WHERE $every
   OR model_id IN (
       SELECT o.model_id FROM internal._ph_offer o SEMI JOIN touched_offer USING (offer_id))
GROUP BY task_group, model_id;
