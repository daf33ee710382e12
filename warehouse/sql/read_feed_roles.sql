SELECT feed, priced_only FROM internal._ph_feed ORDER BY feed;
