-- The models that are one with a touched one under another name: by its repository, its spelling, a
-- rename, or a link between two of their offers. The few touched ones are in tables of their own, so
-- that the names and links of all years are looked up among them, not the other way round.
CREATE OR REPLACE TEMP TABLE known AS
SELECT DISTINCT t.model_id, lower(t.model_id) AS spelling, m.hub_id, m.renamed_to
FROM touched t LEFT JOIN internal._ph_model m USING (model_id);
CREATE OR REPLACE TEMP TABLE linked AS
WITH ids AS MATERIALIZED (
    SELECT offer_id FROM internal._ph_offer SEMI JOIN known USING (model_id)
)
SELECT new_offer_id AS offer_id FROM internal._ph_offer_link WHERE old_offer_id IN (FROM ids)
UNION SELECT old_offer_id FROM internal._ph_offer_link WHERE new_offer_id IN (FROM ids);
INSERT INTO touched
(
    SELECT model_id FROM internal._ph_offer SEMI JOIN linked USING (offer_id)
    UNION SELECT model_id FROM internal._ph_model SEMI JOIN known USING (hub_id)
    UNION SELECT model_id FROM internal._ph_model m
    SEMI JOIN known k ON lower(m.model_id) = k.spelling
    UNION SELECT model_id FROM internal._ph_model m SEMI JOIN known k ON m.renamed_to = k.model_id
    UNION SELECT renamed_to FROM known WHERE renamed_to IS NOT NULL
)
EXCEPT SELECT model_id FROM known;
