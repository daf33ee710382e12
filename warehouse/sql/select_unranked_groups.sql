SELECT task_group FROM cards GROUP BY task_group HAVING NOT bool_or(rankable) ORDER BY task_group;
