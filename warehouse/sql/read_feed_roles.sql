SELECT feed, priced_only FROM _ph_feed ORDER BY feed;
