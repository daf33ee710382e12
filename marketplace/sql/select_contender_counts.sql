-- How many contenders are ranked, how many are left out, and for each reason how many of those; a
-- contender with several reasons is in several counts.
SELECT reason, n FROM (
    SELECT 1 AS place, NULL AS reason, count(*) FILTER (len(reasons) = 0) AS n FROM contenders
    UNION ALL
    SELECT 2, NULL, count(*) FILTER (len(reasons) > 0) FROM contenders
    UNION ALL
    SELECT 3, reason, count(*) FROM (SELECT unnest(reasons) AS reason FROM contenders)
    GROUP BY reason
) ORDER BY place, n DESC, reason;
