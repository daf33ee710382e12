SELECT * FROM cards WHERE offer_id = $offer_id;
