CREATE OR REPLACE VIEW cards AS SELECT * FROM internal._ph_cards;

COMMENT ON VIEW cards IS
    'What a buyer can choose from now: one row per offer that is still listed, in any status.';
COMMENT ON COLUMN cards.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN cards.source IS 'Seller in whose catalogue the offer stands, like huggingface.';
COMMENT ON COLUMN cards.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN cards.model_name IS 'Model id without its author.';
COMMENT ON COLUMN cards.author IS 'Owner of the model on the Hub; NULL: its id names none.';
COMMENT ON COLUMN cards.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN cards.provider_model_id IS
    'The provider''s own name for the model; NULL: never stated, only the price list names the offer.';
COMMENT ON COLUMN cards.router_model IS
    'Name to call it by through the router, org/model:provider; NULL: the router does not serve this task.';
COMMENT ON COLUMN cards.task IS 'Task as the source names it, like conversational.';
COMMENT ON COLUMN cards.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN cards.offer_type IS
    'model: a model of its own; adapter: a small add-on (LoRA) that runs on another model.';
COMMENT ON COLUMN cards.status IS 'live, staging, error, or unknown, as the source says.';
COMMENT ON COLUMN cards.status_since IS 'First answer that showed this status, UTC.';
COMMENT ON COLUMN cards.context_length IS
    'Longest input and output together, in tokens; NULL: not stated.';
COMMENT ON COLUMN cards.supports_tools IS
    'Whether the model can call tools here; NULL: not stated.';
COMMENT ON COLUMN cards.supports_structured_output IS
    'Whether the answer can be made to follow a schema; NULL: not stated.';
COMMENT ON COLUMN cards.is_model_author IS
    'Whether the provider made the model itself; NULL: not stated.';
COMMENT ON COLUMN cards.input_modalities IS 'What goes in, like text or image; NULL: not stated.';
COMMENT ON COLUMN cards.output_modalities IS
    'What comes out, like text or image; NULL: not stated.';
COMMENT ON COLUMN cards.region IS
    'Where inference runs by default: eu, eea, us, a country code, multi (several regions), or unverified (no proof).';
COMMENT ON COLUMN cards.region_confidence IS
    'high or medium, by the claims that prove the region; NULL: unverified.';
COMMENT ON COLUMN cards.operator_country IS
    'Country whose law the provider is under, ISO 3166 alpha-2; NULL: not proven.';
COMMENT ON COLUMN cards.compliance_tags IS
    'What claims in force prove by default, like eu-hosted or no-training; empty: nothing; no legal advice.';
COMMENT ON COLUMN cards.throughput_tps IS
    'Measured output speed, tokens per second; NULL: not measured.';
COMMENT ON COLUMN cards.first_token_latency_ms IS
    'Measured time to the first token, milliseconds; NULL: not measured.';
COMMENT ON COLUMN cards.request_latency_ms IS
    'Measured time of a whole request, milliseconds; NULL: not measured.';
COMMENT ON COLUMN cards.speed_observed_at IS
    'Last answer that showed these speeds, UTC; the measurement may be older; NULL: no speeds.';
COMMENT ON COLUMN cards.speed_changed_at IS
    'First answer that showed these speeds, UTC; NULL: no speeds.';
COMMENT ON COLUMN cards.cost_per_input_token IS
    '`currency` per ONE input token; NULL: not known or not shown (suspect).';
COMMENT ON COLUMN cards.cost_per_output_token IS
    '`currency` per ONE output token; NULL: not known, not shown (suspect), or nothing comes out as tokens.';
COMMENT ON COLUMN cards.cost_per_cached_input_token IS
    '`currency` per ONE input token that the provider has cached; NULL: not offered, not stated, or in doubt (prices has which).';
COMMENT ON COLUMN cards.cost_per_token IS
    '`currency` per ONE token at 3 input tokens to 1 output token (input alone where nothing comes out as tokens); NULL: not known.';
COMMENT ON COLUMN cards.cost_per_image IS
    '`currency` per image of 1024 x 1024 at the provider''s defaults; NULL: not known.';
COMMENT ON COLUMN cards.cost_per_audio_minute IS '`currency` per minute of audio; NULL: not known.';
COMMENT ON COLUMN cards.cost_per_video_second IS
    '`currency` per second of video that comes out; NULL: not known.';
COMMENT ON COLUMN cards.cost_per_million_characters IS
    '`currency` per 1,000,000 characters; NULL: not known.';
COMMENT ON COLUMN cards.estimated_cost IS
    'Our estimate in `currency` per `estimated_unit` where no cost is published, never used for ranking; NULL: none.';
COMMENT ON COLUMN cards.estimated_unit IS
    'Unit of `estimated_cost`, like request: one call of the length that was measured; NULL: no estimate.';
COMMENT ON COLUMN cards.currency IS
    'Currency of all costs of the row, ISO 4217; NULL: no price or estimate is stated.';
COMMENT ON COLUMN cards.price_status IS
    'priced, free (the source says so), suspect (a zero not stated free), not_published, or unparsed (cannot be read).';
COMMENT ON COLUMN cards.price_basis IS
    'list: as the source states it; derived: calculated from it; NULL: no amount is shown.';
COMMENT ON COLUMN cards.price_reason IS
    'Code for why no plain price is shown, or whose it is (price_of_adapter_rule); NULL: nothing to explain.';
COMMENT ON COLUMN cards.price_feed IS 'Feed whose price is shown; NULL: no feed states one.';
COMMENT ON COLUMN cards.router_default IS
    'Whether the router''s default route (:fastest) leads here: the model''s highest throughput, live; NULL: the router does not list the offer.';
COMMENT ON COLUMN cards.router_cheapest IS
    'Whether the router''s route :cheapest leads here: the model''s lowest output price, live; NULL: the router does not list the offer.';
COMMENT ON COLUMN cards.rankable IS
    'Whether to compare it by cost: a live model with a public price in USD that gives one of the costs, not held, seen within 24 h of the newest answer.';
COMMENT ON COLUMN cards.held IS
    'Whether a check refused a newer price; the card then keeps the last good one, or none if there was none.';
COMMENT ON COLUMN cards.hold_reason IS 'Code of that check, like new_zero; NULL: not held.';
COMMENT ON COLUMN cards.held_since IS 'First answer that was refused, UTC; NULL: not held.';
COMMENT ON COLUMN cards.first_seen_at IS 'First answer that listed the offer, UTC.';
COMMENT ON COLUMN cards.observed_at IS 'Last complete answer that listed the offer, UTC.';
COMMENT ON COLUMN cards.price_observed_at IS
    'Last complete answer that confirmed the price shown, UTC; NULL: no price is stated.';
COMMENT ON COLUMN cards.price_changed_at IS
    'First answer that showed the price as it is now, UTC; NULL: no price is stated.';
COMMENT ON COLUMN cards.origin IS
    'live: from the sources themselves; sample: from the built-in recordings, so no current prices.';
