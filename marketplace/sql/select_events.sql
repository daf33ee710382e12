SELECT event, count(*) AS n FROM changes GROUP BY event ORDER BY event;
