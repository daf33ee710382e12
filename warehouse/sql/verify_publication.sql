SELECT (SELECT publication_id FROM publication),
       (SELECT count(*) FROM cards SEMI JOIN _ph_card USING (offer_id)),
       (SELECT count(*) FROM _ph_offer WHERE gone_at IS NULL);
