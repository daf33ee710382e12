SELECT (SELECT count(*) FROM _ph_card_facts) = (SELECT count(*) FROM _ph_card);
