-- Cards with a price after the newest run, and the most that a run of the day before it left.
SELECT arg_max(priced, sequence) AS priced, max(priced) AS peak
FROM internal._ph_run WHERE published AND finished_at >= $since;
