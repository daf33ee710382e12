SELECT count(*) AS offers, count(*) FILTER (rankable) AS rankable, count(*) FILTER (held) AS held,
       (SELECT count(*) FROM gaps) AS gaps
FROM cards;
