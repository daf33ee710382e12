SELECT publication_id, origin, published_at, observed_from, observed_to,
       (SELECT count(*) FROM cards) AS offers,
       (SELECT count(*) FROM cards WHERE rankable) AS rankable,
       (SELECT count(*) FROM cards WHERE held) AS held,
       (SELECT count(*) FROM gaps) AS gaps
FROM publication;
