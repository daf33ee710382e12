CREATE OR REPLACE VIEW models AS
SELECT m.model_id, m.hub_id,
       split_part(m.model_id, '/', -1) AS model_name,
       CASE WHEN contains(m.model_id, '/') THEN split_part(m.model_id, '/', 1) END AS author,
       m.pipeline_tag, m.library_name, m.licence, m.likes, m.downloads, m.parameters, m.gated,
       m.input_modalities, m.output_modalities, m.created_at, m.modified_at,
       coalesce(n.live_offers, 0) AS live_offers, coalesce(n.priced_offers, 0) AS priced_offers,
       coalesce(n.adapter_offers, 0) AS adapter_offers, m.first_seen_at, n.observed_at
FROM internal._ph_model m
LEFT JOIN (
    SELECT o.model_id, count(*) FILTER (c.status = 'live') AS live_offers,
           count(*) FILTER (c.price_status = 'priced') AS priced_offers,
           count(*) FILTER (c.offer_id IS NOT NULL AND o.offer_type = 'adapter') AS adapter_offers,
           max(o.last_seen_at) AS observed_at
    FROM offers o LEFT JOIN internal._ph_card c USING (offer_id) GROUP BY o.model_id
) n USING (model_id)
WHERE m.renamed_to IS NULL;

COMMENT ON VIEW models IS
    'Every model that ever had an offer, with what was last said of it: one row each, under its name of today.';
COMMENT ON COLUMN models.model_id IS 'Model id as the Hub writes it today, like org/model.';
COMMENT ON COLUMN models.hub_id IS
    'The Hub''s internal id of the model; NULL: the Hub never listed it.';
COMMENT ON COLUMN models.model_name IS 'Model id without its author.';
COMMENT ON COLUMN models.author IS 'Owner of the model on the Hub; NULL: its id names none.';
COMMENT ON COLUMN models.pipeline_tag IS
    'The task that the Hub files the model under; NULL: not stated.';
COMMENT ON COLUMN models.library_name IS
    'Software library that the model is made for; NULL: not stated.';
COMMENT ON COLUMN models.licence IS
    'Licence of the model as its Hub page tags it; NULL: not stated.';
COMMENT ON COLUMN models.likes IS 'Likes on the Hub when last asked, once a day; NULL: not known.';
COMMENT ON COLUMN models.downloads IS
    'Downloads as the Hub counts them when last asked, once a day; NULL: not known.';
COMMENT ON COLUMN models.parameters IS
    'Number of parameters, from the model''s weight files; NULL: not known.';
COMMENT ON COLUMN models.gated IS
    'Whether access must be asked for: no, auto (granted at once), manual, or yes; NULL: not known.';
COMMENT ON COLUMN models.input_modalities IS 'What goes in, like text or image; NULL: not stated.';
COMMENT ON COLUMN models.output_modalities IS
    'What comes out, like text or image; NULL: not stated.';
COMMENT ON COLUMN models.created_at IS
    'When the model was created on the Hub, UTC; NULL: not known.';
COMMENT ON COLUMN models.modified_at IS
    'When the model was last changed on the Hub, UTC; NULL: not known.';
COMMENT ON COLUMN models.live_offers IS 'Number of its offers with status live, adapters included.';
COMMENT ON COLUMN models.priced_offers IS 'Number of its listed offers with a price.';
COMMENT ON COLUMN models.adapter_offers IS 'Number of its listed offers that are adapters.';
COMMENT ON COLUMN models.first_seen_at IS 'First answer that listed an offer of it, UTC.';
COMMENT ON COLUMN models.observed_at IS 'Last complete answer that listed an offer of it, UTC.';
