-- The counts leave adapters out, which have a column of their own.
CREATE OR REPLACE VIEW providers AS
SELECT v.inference_provider, v.display_name, v.operator, v.operator_country, v.serving_countries,
       v.region, v.region_confidence, v.price_feed, v.price_feed_reason,
       coalesce(n.offers, 0) AS offers, coalesce(n.live_offers, 0) AS live_offers,
       coalesce(n.adapters, 0) AS adapters, coalesce(n.priced_offers, 0) AS priced_offers,
       coalesce(n.rankable_offers, 0) AS rankable_offers, n.observed_at,
       v.joined_on, v.left_on, v.left_source
FROM internal._ph_provider v
LEFT JOIN (
    SELECT inference_provider, count(*) FILTER (offer_type = 'model') AS offers,
           count(*) FILTER (status = 'live' AND offer_type = 'model') AS live_offers,
           count(*) FILTER (offer_type = 'adapter') AS adapters,
           count(*) FILTER (price_status = 'priced' AND offer_type = 'model') AS priced_offers,
           count(*) FILTER (rankable) AS rankable_offers, max(observed_at) AS observed_at
    FROM internal._ph_cards GROUP BY inference_provider
) n USING (inference_provider);

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
COMMENT ON COLUMN providers.priced_offers IS
    'Number of its listed offers with a price, without adapters.';
COMMENT ON COLUMN providers.rankable_offers IS
    'Number of its offers that are rankable (see cards.rankable).';
COMMENT ON COLUMN providers.observed_at IS
    'Last complete answer that listed an offer of it, UTC; NULL: none is listed now.';
COMMENT ON COLUMN providers.joined_on IS
    'Day on which Hugging Face states that the provider was added; NULL: no statement was found.';
COMMENT ON COLUMN providers.left_on IS
    'Day on which Hugging Face removed the provider: none of its compliance claims is in force from then on; NULL: it has not left.';
COMMENT ON COLUMN providers.left_source IS 'Page that states left_on; NULL: it has not left.';
