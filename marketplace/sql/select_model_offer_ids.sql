SELECT offer_id FROM offers WHERE model_id = $model_id ORDER BY offer_id;
