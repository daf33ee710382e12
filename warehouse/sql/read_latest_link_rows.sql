SELECT old_offer_id, new_offer_id, reason, "at" FROM _ph_offer_link ORDER BY ALL;
