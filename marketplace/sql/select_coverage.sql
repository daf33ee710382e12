SELECT task_group, count(*) AS offers,
       count(*) FILTER (price_status IN ('priced', 'free')) AS priced,
       count(*) FILTER (rankable) AS rankable
FROM cards WHERE offer_type = 'model' GROUP BY task_group ORDER BY offers DESC, task_group;
