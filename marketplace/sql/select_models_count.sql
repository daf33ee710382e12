SELECT count(*) AS total FROM matched;
