SELECT publication_id, origin, published_at, observed_from, observed_to, offers, rankable, held,
       (SELECT count(*) FROM gaps) AS gaps
FROM publication, (
    SELECT count(*) AS offers, count(*) FILTER (rankable) AS rankable,
           count(*) FILTER (held) AS held
    FROM cards);
