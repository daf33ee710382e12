-- Providers' own price lists: costs per image, minute, second and character, and estimates apart.
-- Feeds that only price what others name say nothing of who is offered, so the views that date
-- presence leave them out.
ALTER TABLE _ph_feed ADD COLUMN priced_only BOOLEAN;

CREATE VIEW _ph_present AS
SELECT s.offer_id, max(s.seen_at) AS seen_at
FROM _ph_seen s LEFT JOIN _ph_feed f USING (feed)
WHERE NOT coalesce(f.priced_only, false) GROUP BY s.offer_id;

CREATE OR REPLACE VIEW offers AS
SELECT o.offer_id, o.source, o.model_id, o.inference_provider, o.task, o.provider_model_id,
       o.router_model, o.task_group, o.offer_type, o.adapter_rule_id, o.first_seen_at,
       coalesce(o.last_seen_at, s.seen_at) AS last_seen_at, o.gone_at
FROM _ph_offer o LEFT JOIN _ph_present s USING (offer_id);

-- One estimate an offer. It is a claim that is never chosen, so it stands in no price.
CREATE VIEW _ph_estimate AS
SELECT offer_id, amount, unit, currency FROM _ph_claim WHERE basis = 'estimate'
QUALIFY row_number() OVER (PARTITION BY offer_id ORDER BY feed, unit, tier) = 1;

CREATE OR REPLACE VIEW _ph_cards AS
WITH cost AS (
    SELECT p.offer_id,
           max(p.amount) FILTER (p.unit = 'input_token') AS input_token,
           max(p.amount) FILTER (p.unit = 'output_token') AS output_token,
           max(p.amount) FILTER (p.unit = 'image') AS image,
           -- a sixtieth is no exact decimal: what was stated per minute is put together again
           max(CASE WHEN p.native_unit = 'minute' THEN round(p.amount * 60, 15)
                    ELSE p.amount * 60 END)
               FILTER (p.unit = 'second_of_audio' AND p.amount < 1000000) AS audio_minute,
           max(CASE WHEN p.native_unit = 'minute' THEN round(p.amount, 15) ELSE p.amount END)
               FILTER (p.unit = 'second_of_video') AS video_second,
           max(p.amount * 1000000)
               FILTER (p.unit = 'character' AND p.amount < 1000000) AS million_characters,
           min(p.currency) AS currency,
           bool_and(p.scope = 'public') AS is_public,
           max(s.seen_at) AS seen_at
    FROM _ph_price p LEFT JOIN _ph_price_seen s USING (offer_id, unit, tier)
    WHERE p.tier = 'standard' GROUP BY p.offer_id
), kpi AS (
    SELECT k.*, coalesce(input_token, output_token, image, audio_minute, video_second,
                         million_characters) IS NOT NULL AS comparable
    FROM cost k
)
SELECT
    o.offer_id, o.source, o.model_id,
    split_part(o.model_id, '/', -1) AS model_name,
    CASE WHEN contains(o.model_id, '/') THEN split_part(o.model_id, '/', 1) END AS author,
    o.inference_provider, o.provider_model_id, o.router_model, o.task, o.task_group, o.offer_type,
    c.status, c.status_since,
    c.context_length, c.supports_tools, c.supports_structured_output, c.is_model_author,
    c.input_modalities, c.output_modalities,
    coalesce(v.region, 'unverified') AS region, v.region_confidence, v.operator_country,
    coalesce(v.compliance_tags, []) AS compliance_tags,
    c.throughput_tps, c.first_token_latency_ms, c.request_latency_ms,
    speed.seen_at AS speed_observed_at, c.speed_changed_at,
    k.input_token AS cost_per_input_token, k.output_token AS cost_per_output_token,
    CASE WHEN k.output_token IS NOT NULL
         THEN ((3 * k.input_token + k.output_token) * 0.25)::DECIMAL(38,18)
         WHEN o.task_group <> 'text' THEN k.input_token
    END AS cost_per_token,
    k.image::DECIMAL(38,18) AS cost_per_image,
    k.audio_minute::DECIMAL(38,18) AS cost_per_audio_minute,
    k.video_second::DECIMAL(38,18) AS cost_per_video_second,
    k.million_characters::DECIMAL(38,18) AS cost_per_million_characters,
    CASE WHEN NOT coalesce(k.comparable, false) AND e.currency = coalesce(k.currency, e.currency)
         THEN e.amount END AS estimated_cost,
    CASE WHEN NOT coalesce(k.comparable, false) AND e.currency = coalesce(k.currency, e.currency)
         THEN e.unit END AS estimated_unit,
    coalesce(k.currency, e.currency) AS currency,
    c.price_status, c.price_basis, c.price_reason, c.price_feed,
    coalesce(c.status = 'live' AND c.price_status = 'priced' AND k.currency = 'USD'
             AND k.comparable AND k.is_public AND NOT c.held AND o.offer_type = 'model'
             AND k.seen_at >= w.observed_to - INTERVAL 24 HOUR, false) AS rankable,
    c.held, c.hold_reason, c.held_since, o.first_seen_at,
    seen.seen_at AS observed_at, k.seen_at AS price_observed_at, c.price_changed_at,
    (SELECT origin FROM _ph_run ORDER BY sequence DESC LIMIT 1) AS origin
FROM _ph_card c
JOIN _ph_offer o USING (offer_id)
LEFT JOIN _ph_provider v USING (inference_provider)
LEFT JOIN kpi k ON k.offer_id = c.offer_id
LEFT JOIN _ph_estimate e ON e.offer_id = c.offer_id  -- on nothing else: that would be a nested loop
LEFT JOIN _ph_present seen ON seen.offer_id = c.offer_id
LEFT JOIN _ph_seen speed ON speed.offer_id = c.offer_id AND speed.feed = c.speed_feed
CROSS JOIN _ph_window w;

-- Adapters are priced now too, and are no offers of their own here.
CREATE OR REPLACE VIEW providers AS
SELECT v.inference_provider, v.display_name, v.operator, v.operator_country, v.serving_countries,
       v.region, v.region_confidence, v.price_feed, v.price_feed_reason,
       coalesce(n.offers, 0) AS offers, coalesce(n.live_offers, 0) AS live_offers,
       coalesce(n.adapters, 0) AS adapters, coalesce(n.priced_offers, 0) AS priced_offers,
       coalesce(n.rankable_offers, 0) AS rankable_offers, n.observed_at
FROM _ph_provider v
LEFT JOIN (
    SELECT inference_provider, count(*) FILTER (offer_type = 'model') AS offers,
           count(*) FILTER (status = 'live' AND offer_type = 'model') AS live_offers,
           count(*) FILTER (offer_type = 'adapter') AS adapters,
           count(*) FILTER (price_status = 'priced' AND offer_type = 'model') AS priced_offers,
           count(*) FILTER (rankable) AS rankable_offers, max(observed_at) AS observed_at
    FROM _ph_cards GROUP BY inference_provider
) n USING (inference_provider);

-- The cheapest rankable offers of a task group, the `n` first of each kind of cost that its offers
-- can be compared by: what a token costs says nothing of what an image costs.
CREATE OR REPLACE MACRO cheapest(task_group, region := NULL, n := 10) AS TABLE
SELECT c.model_id, c.inference_provider, c.task, c.region, c.cost_per_token, c.cost_per_image,
       c.cost_per_audio_minute, c.cost_per_video_second, c.currency, c.context_length,
       c.throughput_tps, c.offer_id, c.cost_per_million_characters
FROM (
    SELECT *,
           CASE WHEN cards.task_group IN ('text', 'embedding', 'other')
                     AND cost_per_token IS NOT NULL THEN 1
                WHEN cost_per_image IS NOT NULL THEN 2
                WHEN cost_per_audio_minute IS NOT NULL THEN 3
                WHEN cost_per_video_second IS NOT NULL THEN 4
                WHEN cost_per_million_characters IS NOT NULL THEN 5
                WHEN cost_per_token IS NOT NULL THEN 6 END AS kind
    FROM _ph_cards cards
) c
WHERE c.rankable AND c.task_group = task_group AND (region IS NULL OR c.region = region)
  AND c.kind IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY c.kind
    ORDER BY CASE c.kind WHEN 2 THEN c.cost_per_image WHEN 3 THEN c.cost_per_audio_minute
                         WHEN 4 THEN c.cost_per_video_second
                         WHEN 5 THEN c.cost_per_million_characters
                         ELSE c.cost_per_token END, c.model_id, c.inference_provider, c.offer_id
) <= n
ORDER BY c.kind,
         CASE c.kind WHEN 2 THEN c.cost_per_image WHEN 3 THEN c.cost_per_audio_minute
                     WHEN 4 THEN c.cost_per_video_second WHEN 5 THEN c.cost_per_million_characters
                     ELSE c.cost_per_token END, c.model_id, c.inference_provider, c.offer_id;

-- The cards whose provider serves from a place: strictly, where claims in force prove it of every
-- site; leniently, also where nothing disproves it.
CREATE MACRO cards_in(place, lenient := false) AS TABLE
SELECT c.*
FROM _ph_cards c LEFT JOIN _ph_provider v ON v.inference_provider = c.inference_provider
WHERE c.region = place OR (place = 'eea' AND c.region = 'eu')
   OR coalesce(v.serving_countries = [place], false)
   OR (lenient AND (c.region IN ('unverified', 'multi') OR (place = 'eu' AND c.region = 'eea')
                    OR coalesce(list_contains(v.serving_countries, place), false)));

COMMENT ON VIEW offers IS 'Every offer that was ever seen, one row each.';
COMMENT ON COLUMN offers.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN offers.source IS 'Seller in whose catalogue the offer stands, like huggingface.';
COMMENT ON COLUMN offers.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN offers.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN offers.task IS 'Task as the source names it, like conversational.';
COMMENT ON COLUMN offers.provider_model_id IS
    'The provider''s own name for the model; NULL: never stated, only the price list names the offer.';
COMMENT ON COLUMN offers.router_model IS
    'Name to call it by through the router, org/model:provider; NULL: the router does not serve this task.';
COMMENT ON COLUMN offers.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN offers.offer_type IS
    'model: a model of its own; adapter: a small add-on (LoRA) that runs on another model.';
COMMENT ON COLUMN offers.adapter_rule_id IS
    'Id of the rule by which the provider serves this adapter; NULL: no adapter.';
COMMENT ON COLUMN offers.first_seen_at IS 'First answer that listed the offer, UTC.';
COMMENT ON COLUMN offers.last_seen_at IS 'Last complete answer that listed the offer, UTC.';
COMMENT ON COLUMN offers.gone_at IS
    'First complete answer that no longer listed the offer, UTC; NULL: it is still offered.';

COMMENT ON VIEW providers IS 'Who runs the models: one row per inference provider known or seen.';
COMMENT ON COLUMN providers.inference_provider IS 'Short name of the provider, like novita.';
COMMENT ON COLUMN providers.display_name IS 'Name for people to read.';
COMMENT ON COLUMN providers.operator IS 'Company behind the provider; NULL: not known.';
COMMENT ON COLUMN providers.operator_country IS
    'Country whose law the provider is under, ISO 3166 alpha-2; NULL: not proven.';
COMMENT ON COLUMN providers.serving_countries IS
    'Where inference runs by default, ISO 3166 alpha-2 or EU; NULL: not proven, or in several regions.';
COMMENT ON COLUMN providers.region IS
    'Where inference runs by default: eu, eea, us, a country code, multi (several regions), or unverified (no proof).';
COMMENT ON COLUMN providers.region_confidence IS
    'high or medium, by the claims that prove the region; NULL: unverified.';
COMMENT ON COLUMN providers.price_feed IS
    'Feed that is expected to state its prices; NULL: none is read.';
COMMENT ON COLUMN providers.price_feed_reason IS
    'Code for why no feed with its prices is read; NULL: one is.';
COMMENT ON COLUMN providers.offers IS 'Number of its listed offers, without adapters.';
COMMENT ON COLUMN providers.live_offers IS
    'Number of its offers with status live, without adapters.';
COMMENT ON COLUMN providers.adapters IS 'Number of its listed adapters.';
COMMENT ON COLUMN providers.priced_offers IS 'Number of its listed offers with a price, without adapters.';
COMMENT ON COLUMN providers.rankable_offers IS
    'Number of its offers that are rankable (see cards.rankable).';
COMMENT ON COLUMN providers.observed_at IS
    'Last complete answer that listed an offer of it, UTC; NULL: none is listed now.';

COMMENT ON COLUMN cards.price_reason IS
    'Code for why no plain price is shown, or whose it is (price_of_adapter_rule); NULL: nothing to explain.';
COMMENT ON COLUMN cards.estimated_cost IS
    'Our estimate in `currency` per `estimated_unit` where no cost is published, never used for ranking; NULL: none.';
COMMENT ON COLUMN cards.estimated_unit IS
    'Unit of `estimated_cost`, like request: one call of the length that was measured; NULL: no estimate.';
COMMENT ON COLUMN cards.currency IS
    'Currency of all costs of the row, ISO 4217; NULL: no price or estimate is stated.';
COMMENT ON COLUMN cards.rankable IS
    'Whether to compare it by cost: a live model with a public price in USD that gives one of the costs, not held, seen within 24 h of the newest answer.';
COMMENT ON COLUMN price_claims.price_status IS
    'priced, free, suspect (a zero not stated free), unparsed (cannot be read), or not_published (a list names it and states no price that counts).';
COMMENT ON COLUMN price_claims.reason IS
    'Code for why no plain price is stated, or whose it is (price_of_adapter_rule); NULL: nothing to explain.';
COMMENT ON COLUMN prices.reason IS
    'Code for why the status is suspect or unparsed, or whose price it is (price_of_adapter_rule); NULL: nothing to explain.';
COMMENT ON COLUMN price_history.reason IS
    'Code for why the status is suspect or unparsed, or whose price it is (price_of_adapter_rule); NULL: nothing to explain.';
COMMENT ON MACRO TABLE cheapest IS
    'The `n` cheapest rankable offers of a task group, of each kind of cost (per token, image, minute, second, characters); `region` keeps only that region, NULL keeps all.';
COMMENT ON MACRO TABLE cards_in IS
    'Cards whose provider provably serves from `place` (eu, eea, us or a country code); `lenient` adds those of which nothing disproves it.';
