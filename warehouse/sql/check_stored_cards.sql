SELECT (SELECT count(*) FROM internal._ph_card_facts) = (SELECT count(*) FROM internal._ph_card);
