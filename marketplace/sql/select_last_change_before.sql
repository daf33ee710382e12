-- The last change that was recorded before a time; 0 where there is none.
SELECT coalesce(max(change_id), 0) AS change_id FROM changes
WHERE recorded_at < $since::TIMESTAMPTZ;
