SELECT (SELECT publication_id FROM publication),
       (SELECT count(*) FROM cards),
       (SELECT count(*) FROM _ph_offer WHERE gone_at IS NULL);
