SELECT old_offer_id, new_offer_id, reason, "at" FROM internal._ph_offer_link ORDER BY ALL;
