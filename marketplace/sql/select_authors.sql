-- Accounts that models are of: the one of this name, else those whose names are like it, the
-- likeliest first.
SELECT author, lower(author) = lower($author::VARCHAR) AS is_same
FROM (SELECT DISTINCT author FROM models WHERE author IS NOT NULL)
WHERE is_same OR jaro_winkler_similarity(lower(author), lower($author::VARCHAR)) >= 0.82
ORDER BY is_same DESC, jaro_winkler_similarity(lower(author), lower($author::VARCHAR)) DESC, author
LIMIT 3;
