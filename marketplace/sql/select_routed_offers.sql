-- Where the router's words lead: the fastest and the cheapest live offers of a model.
SELECT offer_id, router_default, router_cheapest FROM cards
WHERE model_id = $model_id AND (router_default OR router_cheapest);
