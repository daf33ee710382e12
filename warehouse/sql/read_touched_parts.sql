SELECT part, sum(offers)::INT FROM touched_group GROUP BY part ORDER BY part;
