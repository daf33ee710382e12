SELECT * FROM gaps ORDER BY from_at DESC, feed LIMIT 50;
