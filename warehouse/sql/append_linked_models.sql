-- The models that are one with a touched one under another name: by its repository, its spelling, a
-- rename, or a link between two of their offers.
INSERT INTO touched
WITH known AS (
    SELECT DISTINCT t.model_id, lower(t.model_id) AS spelling, m.hub_id, m.renamed_to
    FROM touched t LEFT JOIN internal._ph_model m USING (model_id)
), ids AS (
    SELECT offer_id FROM internal._ph_offer JOIN known USING (model_id)
), linked AS (
    SELECT new_offer_id AS offer_id FROM internal._ph_offer_link
    JOIN ids ON old_offer_id = ids.offer_id
    UNION ALL
    SELECT old_offer_id FROM internal._ph_offer_link JOIN ids ON new_offer_id = ids.offer_id
)
(
    SELECT model_id FROM internal._ph_offer JOIN linked USING (offer_id)
    UNION SELECT m.model_id FROM internal._ph_model m JOIN known k ON m.hub_id = k.hub_id
    UNION SELECT m.model_id FROM internal._ph_model m JOIN known k ON lower(m.model_id) = k.spelling
    UNION SELECT m.model_id FROM internal._ph_model m JOIN known k ON m.renamed_to = k.model_id
    UNION SELECT renamed_to FROM known WHERE renamed_to IS NOT NULL
)
EXCEPT SELECT model_id FROM known;
