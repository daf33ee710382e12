SELECT count(*) FILTER (offer_type = 'model') AS offers,
       count(*) FILTER (offer_type = 'adapter') AS adapters,
       count(DISTINCT model_id) FILTER (offer_type = 'model') AS models,
       count(DISTINCT model_id) AS models_with_adapters,
       count(DISTINCT inference_provider) AS inference_providers,
       count(*) FILTER (price_status = 'priced') AS priced,
       count(*) FILTER (price_status = 'free') AS free,
       count(*) FILTER (price_status = 'suspect') AS suspect,
       count(*) FILTER (price_status = 'unparsed') AS unparsed,
       count(*) FILTER (price_status = 'not_published') AS not_published,
       count(*) FILTER (rankable) AS rankable, count(*) FILTER (held) AS held,
       (SELECT count(*) FROM gaps) AS gaps
FROM cards;
