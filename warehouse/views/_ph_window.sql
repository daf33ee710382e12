-- The oldest and the newest of the feeds' last whole answers.
CREATE OR REPLACE VIEW _ph_window AS
SELECT min(observed_at) AS observed_from, max(observed_at) AS observed_to FROM _ph_feed_time;
