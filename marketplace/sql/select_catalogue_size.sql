SELECT count(*) AS n FROM models;
