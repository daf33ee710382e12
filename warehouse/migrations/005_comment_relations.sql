-- One sentence per relation, column and macro: unit, meaning, and what NULL says. The data
-- dictionary is made of these, so a changed meaning changes its sentence too.

COMMENT ON VIEW publication IS 'The publication that this file is: one row.';
COMMENT ON COLUMN publication.publication_id IS
    'Id of this publication, which is the id of the run that made it.';
COMMENT ON COLUMN publication.run_id IS 'Run that made this publication.';
COMMENT ON COLUMN publication.origin IS
    'live: from the sources themselves; sample: from the built-in recordings, so no current prices.';
COMMENT ON COLUMN publication.schema_version IS
    'Version of the relations and columns documented here.';
COMMENT ON COLUMN publication.published_at IS
    'When the data of this publication was complete, UTC.';
COMMENT ON COLUMN publication.observed_from IS
    'The oldest of the feeds'' last complete answers, UTC.';
COMMENT ON COLUMN publication.observed_to IS
    'The newest of the feeds'' last complete answers, UTC: how fresh this publication is.';
COMMENT ON COLUMN publication.code_version IS 'Version of pricehouse that wrote it.';
COMMENT ON COLUMN publication.licence IS 'What is known of the licence of these facts.';
COMMENT ON COLUMN publication.attribution IS 'Whom to name when these facts are passed on.';

COMMENT ON VIEW offers IS 'Every offer that was ever seen, one row each.';
COMMENT ON COLUMN offers.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN offers.source IS 'Seller in whose catalogue the offer stands, like huggingface.';
COMMENT ON COLUMN offers.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN offers.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN offers.task IS 'Task as the source names it, like conversational.';
COMMENT ON COLUMN offers.provider_model_id IS
    'The provider''s own name for the model; NULL: never stated, only the price list names the offer.';
COMMENT ON COLUMN offers.router_model IS
    'Name to call it by through the router, org/model:provider; NULL: the router does not serve this task.';
COMMENT ON COLUMN offers.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN offers.offer_type IS
    'model: a model of its own; adapter: a small add-on (LoRA) that runs on another model.';
COMMENT ON COLUMN offers.adapter_rule_id IS
    'Id of the rule by which the provider serves this adapter; NULL: no adapter.';
COMMENT ON COLUMN offers.first_seen_at IS 'First answer that listed the offer, UTC.';
COMMENT ON COLUMN offers.last_seen_at IS 'Last complete answer that listed the offer, UTC.';
COMMENT ON COLUMN offers.gone_at IS
    'First complete answer that no longer listed the offer, UTC; NULL: it is still offered.';

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
    'Our estimate in `currency` per `estimated_unit` where no price is published, never used for ranking; NULL: none.';
COMMENT ON COLUMN cards.estimated_unit IS 'Unit of `estimated_cost`; NULL: no estimate.';
COMMENT ON COLUMN cards.currency IS
    'Currency of all costs of the row, ISO 4217; NULL: no price is stated.';
COMMENT ON COLUMN cards.price_status IS
    'priced, free (the source says so), suspect (a zero not stated free), not_published, or unparsed (cannot be read).';
COMMENT ON COLUMN cards.price_basis IS
    'list: as the source states it; derived: calculated from it; NULL: no amount is shown.';
COMMENT ON COLUMN cards.price_reason IS
    'Code for why no plain price is shown; NULL: nothing to explain.';
COMMENT ON COLUMN cards.price_feed IS 'Feed whose price is shown; NULL: no feed states one.';
COMMENT ON COLUMN cards.rankable IS
    'Whether to compare it by cost: a live model with a public price in USD, not held, seen within 24 h of the newest answer.';
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

COMMENT ON VIEW prices IS
    'What each unit of a listed offer costs now: one row per offer, unit and tier.';
COMMENT ON COLUMN prices.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN prices.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN prices.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN prices.unit IS 'What the price is for, like input_token or output_token.';
COMMENT ON COLUMN prices.tier IS 'Price tier; standard where the source names none.';
COMMENT ON COLUMN prices.amount IS
    'Price of ONE unit in `currency`, kept to 12 significant digits; 0 only where stated free; NULL: not known or not shown (suspect, unparsed).';
COMMENT ON COLUMN prices.currency IS 'Currency of the amounts, ISO 4217.';
COMMENT ON COLUMN prices.price_status IS
    'priced, free (the source says so), suspect (a zero not stated free, or a price on what is stated free), or unparsed (cannot be read).';
COMMENT ON COLUMN prices.basis IS
    'list: as the source states it; derived: calculated from what it states; estimate: our own guess.';
COMMENT ON COLUMN prices.reason IS
    'Code for why the status is suspect or unparsed; NULL: nothing to explain.';
COMMENT ON COLUMN prices.native_unit IS 'Unit in which the source states the price.';
COMMENT ON COLUMN prices.raw_text IS
    'The number exactly as the source wrote it; NULL: no readable number.';
COMMENT ON COLUMN prices.native_amount IS
    'The stated number in `currency`, per `native_quantity` of `native_unit`; NULL: no readable number.';
COMMENT ON COLUMN prices.native_quantity IS
    'How many native units the stated number is for, like 1000000.';
COMMENT ON COLUMN prices.formula IS
    'How `amount` follows from the stated number; NULL: they are the same.';
COMMENT ON COLUMN prices.scope IS
    'public: anybody is offered this price; account: only the account that asked.';
COMMENT ON COLUMN prices.feed IS 'Feed whose statement is shown.';
COMMENT ON COLUMN prices.valid_from IS 'First answer that showed this price, UTC.';
COMMENT ON COLUMN prices.observed_at IS 'Last complete answer that confirmed this price, UTC.';
COMMENT ON COLUMN prices.held IS
    'Whether a check refused a newer price of this offer, so that this older one still stands.';
COMMENT ON COLUMN prices.hold_reason IS 'Code of that check, like new_zero; NULL: not held.';
COMMENT ON COLUMN prices.payload_hash IS 'sha256, in hex, of the raw answer that stated this.';
COMMENT ON COLUMN prices.json_path IS 'Place of the statement in that answer, as a JSON path.';

COMMENT ON VIEW price_history IS
    'What cards showed and when: intervals [valid_from, valid_to) per offer, unit and tier that never overlap.';
COMMENT ON COLUMN price_history.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN price_history.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN price_history.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN price_history.unit IS 'What the price is for, like input_token or output_token.';
COMMENT ON COLUMN price_history.tier IS 'Price tier; standard where the source names none.';
COMMENT ON COLUMN price_history.amount IS
    'Price of ONE unit in `currency`, kept to 12 significant digits; 0 only where stated free; NULL: not known or not shown (suspect, unparsed).';
COMMENT ON COLUMN price_history.currency IS 'Currency of the amounts, ISO 4217.';
COMMENT ON COLUMN price_history.price_status IS
    'priced, free (the source says so), suspect (a zero not stated free, or a price on what is stated free), or unparsed (cannot be read).';
COMMENT ON COLUMN price_history.basis IS
    'list: as the source states it; derived: calculated from what it states; estimate: our own guess.';
COMMENT ON COLUMN price_history.reason IS
    'Code for why the status is suspect or unparsed; NULL: nothing to explain.';
COMMENT ON COLUMN price_history.native_unit IS 'Unit in which the source states the price.';
COMMENT ON COLUMN price_history.raw_text IS
    'The number exactly as the source wrote it; NULL: no readable number.';
COMMENT ON COLUMN price_history.native_amount IS
    'The stated number in `currency`, per `native_quantity` of `native_unit`; NULL: no readable number.';
COMMENT ON COLUMN price_history.native_quantity IS
    'How many native units the stated number is for, like 1000000.';
COMMENT ON COLUMN price_history.formula IS
    'How `amount` follows from the stated number; NULL: they are the same.';
COMMENT ON COLUMN price_history.scope IS
    'public: anybody is offered this price; account: only the account that asked.';
COMMENT ON COLUMN price_history.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN price_history.valid_from IS 'First answer that showed this price, UTC.';
COMMENT ON COLUMN price_history.not_before_at IS
    'Last answer before `valid_from`, which did not show it yet, UTC; NULL: nothing was asked before.';
COMMENT ON COLUMN price_history.valid_to IS
    'First answer that no longer showed this price, UTC; NULL: it still stands.';
COMMENT ON COLUMN price_history.last_seen_at IS 'Last complete answer that showed this price, UTC.';
COMMENT ON COLUMN price_history.closed_by IS
    'What ended it: change (another price), absence (no longer stated), or correction (ours); NULL: it still stands.';
COMMENT ON COLUMN price_history.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN price_history.feed IS 'Feed that stated the price.';
COMMENT ON COLUMN price_history.rule_version IS
    'Version of our rules that turned the answer into this price.';
COMMENT ON COLUMN price_history.run_id IS 'Run that recorded this row.';
COMMENT ON COLUMN price_history.payload_hash IS
    'sha256, in hex, of the raw answer that stated this.';
COMMENT ON COLUMN price_history.json_path IS
    'Place of the statement in that answer, as a JSON path.';

COMMENT ON VIEW price_claims IS
    'What every feed said about prices, also what cards never showed: intervals per offer, unit, tier and feed.';
COMMENT ON COLUMN price_claims.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN price_claims.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN price_claims.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN price_claims.unit IS 'What the price is for, like input_token or output_token.';
COMMENT ON COLUMN price_claims.tier IS 'Price tier; standard where the source names none.';
COMMENT ON COLUMN price_claims.amount IS
    'Price of ONE unit in `currency`, kept to 12 significant digits; 0 only where stated free; NULL: not known or not shown (suspect, unparsed).';
COMMENT ON COLUMN price_claims.currency IS 'Currency of the amounts, ISO 4217.';
COMMENT ON COLUMN price_claims.price_status IS
    'priced, free (the source says so), suspect (a zero not stated free, or a price on what is stated free), or unparsed (cannot be read).';
COMMENT ON COLUMN price_claims.basis IS
    'list: as the source states it; derived: calculated from what it states; estimate: our own guess.';
COMMENT ON COLUMN price_claims.reason IS
    'Code for why the status is suspect or unparsed; NULL: nothing to explain.';
COMMENT ON COLUMN price_claims.native_unit IS 'Unit in which the source states the price.';
COMMENT ON COLUMN price_claims.raw_text IS
    'The number exactly as the source wrote it; NULL: no readable number.';
COMMENT ON COLUMN price_claims.native_amount IS
    'The stated number in `currency`, per `native_quantity` of `native_unit`; NULL: no readable number.';
COMMENT ON COLUMN price_claims.native_quantity IS
    'How many native units the stated number is for, like 1000000.';
COMMENT ON COLUMN price_claims.formula IS
    'How `amount` follows from the stated number; NULL: they are the same.';
COMMENT ON COLUMN price_claims.scope IS
    'public: anybody is offered this price; account: only the account that asked.';
COMMENT ON COLUMN price_claims.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN price_claims.valid_from IS
    'First answer of this feed that stated this price, UTC.';
COMMENT ON COLUMN price_claims.not_before_at IS
    'Last answer of this feed before `valid_from`, UTC; NULL: it had not answered before.';
COMMENT ON COLUMN price_claims.valid_to IS
    'First answer of this feed that no longer stated this price, UTC; NULL: it still stands.';
COMMENT ON COLUMN price_claims.last_seen_at IS 'Last complete answer that stated this price, UTC.';
COMMENT ON COLUMN price_claims.closed_by IS
    'What ended it: change (another price), absence (no longer stated), or correction (ours); NULL: it still stands.';
COMMENT ON COLUMN price_claims.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN price_claims.feed IS 'Feed that stated the price.';
COMMENT ON COLUMN price_claims.rule_version IS
    'Version of our rules that turned the answer into this price.';
COMMENT ON COLUMN price_claims.run_id IS 'Run that recorded this row.';
COMMENT ON COLUMN price_claims.payload_hash IS
    'sha256, in hex, of the raw answer that stated this.';
COMMENT ON COLUMN price_claims.json_path IS
    'Place of the statement in that answer, as a JSON path.';
COMMENT ON COLUMN price_claims.chosen IS
    'Whether cards show, or showed, this statement; else another feed went before it or a check refused it.';
COMMENT ON COLUMN price_claims.superseded_at IS
    'Start of the run that recorded the end of this statement, UTC; NULL: it still stands.';
COMMENT ON COLUMN price_claims.superseded_by_run IS
    'Run that recorded the end of this statement; NULL: it still stands.';
COMMENT ON COLUMN price_claims.evidence IS
    'The source''s own JSON of the entry that states the price, unchanged.';

COMMENT ON VIEW changes IS
    'Everything that changed, in the order in which it was recorded: one row per event.';
COMMENT ON COLUMN changes.change_id IS
    'Number of the change; only grows, so the highest one read is a place to go on from.';
COMMENT ON COLUMN changes.event IS
    'new, gone, back, relabelled, status, up, down, free_to_paid, paid_to_free, unit_changed, became_suspect, corrected, held, or released.';
COMMENT ON COLUMN changes.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN changes.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN changes.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN changes.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN changes.unit IS
    'What the price is for, like input_token; NULL: the change is about the offer, not one price.';
COMMENT ON COLUMN changes.tier IS 'Price tier; NULL: the change is about the offer, not one price.';
COMMENT ON COLUMN changes.old_amount IS
    'Price of ONE unit before, in `currency`; NULL: there was none, or it is no change of price.';
COMMENT ON COLUMN changes.new_amount IS
    'Price of ONE unit now, or the refused one (held), in `currency`; NULL: none, or it is no change of price.';
COMMENT ON COLUMN changes.change_pct IS
    'Change of the price in percent of the old one; NULL: the old one was 0 or there are not two prices.';
COMMENT ON COLUMN changes.old_value IS
    'Status, price status, hold reason or offer id before, as the event has it; NULL: none.';
COMMENT ON COLUMN changes.new_value IS
    'Status, price status, hold reason or offer id now, as the event has it; NULL: none.';
COMMENT ON COLUMN changes.currency IS
    'Currency of the amounts, ISO 4217; NULL: it is no change of price.';
COMMENT ON COLUMN changes.not_before_at IS
    'Last answer that showed the former state, UTC: the change came after it; NULL: nothing was asked before.';
COMMENT ON COLUMN changes.occurred_at IS 'First answer that showed the new state, UTC.';
COMMENT ON COLUMN changes.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN changes.run_id IS 'Run that recorded this row.';

COMMENT ON VIEW price_changes IS 'Those rows of `changes` that are about prices.';
COMMENT ON COLUMN price_changes.change_id IS
    'Number of the change; only grows, so the highest one read is a place to go on from.';
COMMENT ON COLUMN price_changes.event IS
    'new, gone, back, relabelled, status, up, down, free_to_paid, paid_to_free, unit_changed, became_suspect, corrected, held, or released.';
COMMENT ON COLUMN price_changes.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN price_changes.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN price_changes.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN price_changes.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN price_changes.unit IS
    'What the price is for, like input_token; NULL: the change is about the offer, not one price.';
COMMENT ON COLUMN price_changes.tier IS
    'Price tier; NULL: the change is about the offer, not one price.';
COMMENT ON COLUMN price_changes.old_amount IS
    'Price of ONE unit before, in `currency`; NULL: there was none, or it is no change of price.';
COMMENT ON COLUMN price_changes.new_amount IS
    'Price of ONE unit now, or the refused one (held), in `currency`; NULL: none, or it is no change of price.';
COMMENT ON COLUMN price_changes.change_pct IS
    'Change of the price in percent of the old one; NULL: the old one was 0 or there are not two prices.';
COMMENT ON COLUMN price_changes.old_value IS
    'Status, price status, hold reason or offer id before, as the event has it; NULL: none.';
COMMENT ON COLUMN price_changes.new_value IS
    'Status, price status, hold reason or offer id now, as the event has it; NULL: none.';
COMMENT ON COLUMN price_changes.currency IS
    'Currency of the amounts, ISO 4217; NULL: it is no change of price.';
COMMENT ON COLUMN price_changes.not_before_at IS
    'Last answer that showed the former state, UTC: the change came after it; NULL: nothing was asked before.';
COMMENT ON COLUMN price_changes.occurred_at IS 'First answer that showed the new state, UTC.';
COMMENT ON COLUMN price_changes.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN price_changes.run_id IS 'Run that recorded this row.';

COMMENT ON VIEW status_history IS
    'Status and abilities of each offer over time: intervals [valid_from, valid_to), a new one on each change.';
COMMENT ON COLUMN status_history.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN status_history.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN status_history.status IS 'live, staging, error, or unknown, as the source says.';
COMMENT ON COLUMN status_history.context_length IS
    'Longest input and output together, in tokens; NULL: not stated.';
COMMENT ON COLUMN status_history.supports_tools IS
    'Whether the model can call tools here; NULL: not stated.';
COMMENT ON COLUMN status_history.supports_structured_output IS
    'Whether the answer can be made to follow a schema; NULL: not stated.';
COMMENT ON COLUMN status_history.valid_from IS 'First answer that showed this state, UTC.';
COMMENT ON COLUMN status_history.valid_to IS
    'First answer that no longer showed this state, UTC; NULL: it still stands.';
COMMENT ON COLUMN status_history.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN status_history.run_id IS 'Run that recorded this row.';

COMMENT ON VIEW speed_history IS
    'Measured speeds of each offer over time: one row whenever they changed.';
COMMENT ON COLUMN speed_history.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN speed_history.throughput_tps IS
    'Measured output speed, tokens per second; NULL: not measured.';
COMMENT ON COLUMN speed_history.first_token_latency_ms IS
    'Measured time to the first token, milliseconds; NULL: not measured.';
COMMENT ON COLUMN speed_history.request_latency_ms IS
    'Measured time of a whole request, milliseconds; NULL: not measured.';
COMMENT ON COLUMN speed_history.observed_at IS 'First answer that showed these speeds, UTC.';
COMMENT ON COLUMN speed_history.run_id IS 'Run that recorded this row.';

COMMENT ON VIEW models IS
    'Every model that ever had an offer, with what was last said of it: one row each.';
COMMENT ON COLUMN models.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN models.hub_id IS
    'The Hub''s internal id of the model; NULL: the Hub never listed it.';
COMMENT ON COLUMN models.model_name IS 'Model id without its author.';
COMMENT ON COLUMN models.author IS 'Owner of the model on the Hub; NULL: its id names none.';
COMMENT ON COLUMN models.pipeline_tag IS
    'The task that the Hub files the model under; NULL: not stated.';
COMMENT ON COLUMN models.library_name IS
    'Software library that the model is made for; NULL: not stated.';
COMMENT ON COLUMN models.licence IS
    'Licence of the model as its Hub page tags it; NULL: not stated.';
COMMENT ON COLUMN models.likes IS 'Likes on the Hub when last asked, once a day; NULL: not known.';
COMMENT ON COLUMN models.downloads IS
    'Downloads as the Hub counts them when last asked, once a day; NULL: not known.';
COMMENT ON COLUMN models.parameters IS
    'Number of parameters, from the model''s weight files; NULL: not known.';
COMMENT ON COLUMN models.gated IS
    'Whether access must be asked for: no, auto (granted at once), manual, or yes; NULL: not known.';
COMMENT ON COLUMN models.input_modalities IS 'What goes in, like text or image; NULL: not stated.';
COMMENT ON COLUMN models.output_modalities IS
    'What comes out, like text or image; NULL: not stated.';
COMMENT ON COLUMN models.created_at IS
    'When the model was created on the Hub, UTC; NULL: not known.';
COMMENT ON COLUMN models.modified_at IS
    'When the model was last changed on the Hub, UTC; NULL: not known.';
COMMENT ON COLUMN models.live_offers IS 'Number of its offers with status live, adapters included.';
COMMENT ON COLUMN models.priced_offers IS 'Number of its listed offers with a price.';
COMMENT ON COLUMN models.adapter_offers IS 'Number of its listed offers that are adapters.';
COMMENT ON COLUMN models.first_seen_at IS 'First answer that listed an offer of it, UTC.';
COMMENT ON COLUMN models.observed_at IS 'Last complete answer that listed an offer of it, UTC.';

COMMENT ON VIEW providers IS 'Who runs the models: one row per inference provider known or seen.';
COMMENT ON COLUMN providers.inference_provider IS 'Short name of the provider, like novita.';
COMMENT ON COLUMN providers.display_name IS 'Name for people to read.';
COMMENT ON COLUMN providers.operator IS 'Company behind the provider; NULL: not known.';
COMMENT ON COLUMN providers.operator_country IS
    'Country whose law the provider is under, ISO 3166 alpha-2; NULL: not proven.';
COMMENT ON COLUMN providers.serving_countries IS
    'Where inference runs by default, ISO 3166 alpha-2 or EU; NULL: not proven, or in several regions.';
COMMENT ON COLUMN providers.region IS
    'Where inference runs by default: eu, eea, us, a country code, multi (several regions), or unverified (no proof).';
COMMENT ON COLUMN providers.region_confidence IS
    'high or medium, by the claims that prove the region; NULL: unverified.';
COMMENT ON COLUMN providers.price_feed IS
    'Feed that is expected to state its prices; NULL: none is read.';
COMMENT ON COLUMN providers.price_feed_reason IS
    'Code for why no feed with its prices is read; NULL: one is.';
COMMENT ON COLUMN providers.offers IS 'Number of its listed offers, without adapters.';
COMMENT ON COLUMN providers.live_offers IS
    'Number of its offers with status live, without adapters.';
COMMENT ON COLUMN providers.adapters IS 'Number of its listed adapters.';
COMMENT ON COLUMN providers.priced_offers IS 'Number of its listed offers with a price.';
COMMENT ON COLUMN providers.rankable_offers IS
    'Number of its offers that are rankable (see cards.rankable).';
COMMENT ON COLUMN providers.observed_at IS
    'Last complete answer that listed an offer of it, UTC; NULL: none is listed now.';

COMMENT ON VIEW sources IS 'The same rows as `feeds`.';
COMMENT ON COLUMN sources.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN sources.source IS 'Seller whose facts the feed states, like huggingface.';
COMMENT ON COLUMN sources.kind IS 'catalog: says what is offered; price_list: says what it costs.';
COMMENT ON COLUMN sources.url IS 'Address that was read by the last run.';
COMMENT ON COLUMN sources.terms_url IS 'Terms under which the feed may be read.';
COMMENT ON COLUMN sources.required IS 'Whether a run counts as failed when this feed fails.';
COMMENT ON COLUMN sources.enabled IS 'Whether runs read this feed.';
COMMENT ON COLUMN sources.expected_every IS 'How often a complete answer is expected.';
COMMENT ON COLUMN sources.last_attempt_at IS
    'End of the last attempt to read it, UTC; NULL: never tried.';
COMMENT ON COLUMN sources.last_success_at IS 'End of the last complete reading, UTC; NULL: never.';
COMMENT ON COLUMN sources.failures_in_a_row IS
    'Attempts that failed since the last complete reading.';
COMMENT ON COLUMN sources.last_error IS
    'Message of the most recent failure, however old; NULL: it never failed.';

COMMENT ON VIEW feeds IS 'What is read and how reading it went: one row per feed.';
COMMENT ON COLUMN feeds.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN feeds.source IS 'Seller whose facts the feed states, like huggingface.';
COMMENT ON COLUMN feeds.kind IS 'catalog: says what is offered; price_list: says what it costs.';
COMMENT ON COLUMN feeds.url IS 'Address that was read by the last run.';
COMMENT ON COLUMN feeds.terms_url IS 'Terms under which the feed may be read.';
COMMENT ON COLUMN feeds.required IS 'Whether a run counts as failed when this feed fails.';
COMMENT ON COLUMN feeds.enabled IS 'Whether runs read this feed.';
COMMENT ON COLUMN feeds.expected_every IS 'How often a complete answer is expected.';
COMMENT ON COLUMN feeds.last_attempt_at IS
    'End of the last attempt to read it, UTC; NULL: never tried.';
COMMENT ON COLUMN feeds.last_success_at IS 'End of the last complete reading, UTC; NULL: never.';
COMMENT ON COLUMN feeds.failures_in_a_row IS
    'Attempts that failed since the last complete reading.';
COMMENT ON COLUMN feeds.last_error IS
    'Message of the most recent failure, however old; NULL: it never failed.';

COMMENT ON VIEW compliance_claims IS
    'What is publicly said about law, place and data of a provider: one row per statement, each with its page.';
COMMENT ON COLUMN compliance_claims.claim_id IS 'Id of the statement.';
COMMENT ON COLUMN compliance_claims.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN compliance_claims.claim IS
    'operator_jurisdiction, serving_region, retention, training_use, dpa (data processing agreement), or certification.';
COMMENT ON COLUMN compliance_claims.value IS
    'What is stated, in short; several places are separated by commas.';
COMMENT ON COLUMN compliance_claims.applies IS
    'default: to every customer; optional: if switched on; enterprise: under a contract of one''s own.';
COMMENT ON COLUMN compliance_claims.source_url IS 'Page that states it.';
COMMENT ON COLUMN compliance_claims.paraphrase IS 'What the page says, in our words.';
COMMENT ON COLUMN compliance_claims.checked_on IS 'Day on which the page was read.';
COMMENT ON COLUMN compliance_claims.expires_on IS
    'Day from which the statement no longer counts, by our own rule.';
COMMENT ON COLUMN compliance_claims.confidence IS
    'high, medium or low; a low one proves no region and no tag.';
COMMENT ON COLUMN compliance_claims.in_force IS
    'Whether it had not expired on the day of the last run.';

COMMENT ON VIEW runs IS
    'Every run that the warehouse knows: one row each; a failed one is told by the next that succeeds.';
COMMENT ON COLUMN runs.run_id IS 'Id of the run; begins with its start, so ids sort by time.';
COMMENT ON COLUMN runs.flow IS 'What was run, like ingest.';
COMMENT ON COLUMN runs."trigger" IS 'What started it, like cli.';
COMMENT ON COLUMN runs.origin IS
    'live: from the sources themselves; sample: from the built-in recordings, so no current prices.';
COMMENT ON COLUMN runs.scheduled_at IS 'When it was due, UTC; NULL: it was on no schedule.';
COMMENT ON COLUMN runs.started_at IS 'When it started, UTC.';
COMMENT ON COLUMN runs.finished_at IS 'When it ended, UTC.';
COMMENT ON COLUMN runs.outcome IS
    'published (something changed), unchanged (nothing did; published all the same), failed, or dry_run (nothing was written).';
COMMENT ON COLUMN runs.publication_id IS 'Publication that it made; NULL: none.';
COMMENT ON COLUMN runs.models IS 'Number of models listed after it; NULL: the run failed.';
COMMENT ON COLUMN runs.offers IS
    'Number of offers listed after it, without adapters; NULL: the run failed.';
COMMENT ON COLUMN runs.adapters IS 'Number of adapters listed after it; NULL: the run failed.';
COMMENT ON COLUMN runs.priced IS 'Number of cards with a price after it; NULL: the run failed.';
COMMENT ON COLUMN runs.free IS 'Number of cards stated free after it; NULL: the run failed.';
COMMENT ON COLUMN runs.suspect IS
    'Number of cards with a suspect price after it; NULL: the run failed.';
COMMENT ON COLUMN runs.unpriced IS
    'Number of cards without a readable price after it; NULL: the run failed.';
COMMENT ON COLUMN runs.rejected IS 'Number of rows that it refused; NULL: the run failed.';
COMMENT ON COLUMN runs.changes IS 'Number of changes that it recorded; NULL: the run failed.';
COMMENT ON COLUMN runs.holds IS 'Number of offers held after it; NULL: the run failed.';
COMMENT ON COLUMN runs.code_version IS 'Version of pricehouse that ran.';
COMMENT ON COLUMN runs.prefect_run_id IS 'Its id in Prefect, the scheduler; NULL: it ran without.';
COMMENT ON COLUMN runs.error IS 'Why it failed; NULL: it did not.';

COMMENT ON VIEW run_feeds IS 'How reading each feed went in each run: one row per run and feed.';
COMMENT ON COLUMN run_feeds.run_id IS 'Run that read the feed.';
COMMENT ON COLUMN run_feeds.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN run_feeds.outcome IS
    'complete, partial (broke off, not used), failed, skipped, or not_modified (nothing newer there).';
COMMENT ON COLUMN run_feeds.requests IS 'Number of requests sent, retries included.';
COMMENT ON COLUMN run_feeds.retries IS 'Number of requests that were repeats.';
COMMENT ON COLUMN run_feeds.pages IS 'Number of answers kept.';
COMMENT ON COLUMN run_feeds.bytes IS 'Size of the answers, decompressed, in bytes.';
COMMENT ON COLUMN run_feeds.records IS
    'Number of entries in the answers; NULL: they were not read.';
COMMENT ON COLUMN run_feeds.accepted IS 'Number of entries that entered; NULL: they were not read.';
COMMENT ON COLUMN run_feeds.rejected IS
    'Number of entries that were refused; NULL: they were not read.';
COMMENT ON COLUMN run_feeds.waited_s IS
    'Time spent waiting before requests and retries, in seconds.';
COMMENT ON COLUMN run_feeds.started_at IS 'When reading began, UTC.';
COMMENT ON COLUMN run_feeds.finished_at IS 'When reading ended, UTC.';
COMMENT ON COLUMN run_feeds.error_code IS 'Stable code of the failure; NULL: none.';
COMMENT ON COLUMN run_feeds.error IS 'Message of the failure; NULL: none.';

COMMENT ON VIEW gaps IS
    'Times in which a feed gave no complete answer for longer than it should: nothing is known in between.';
COMMENT ON COLUMN gaps.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN gaps.from_at IS 'Last complete answer before the gap, UTC.';
COMMENT ON COLUMN gaps.to_at IS 'First complete answer after the gap, UTC.';
COMMENT ON COLUMN gaps.reason IS 'What was missing, in words.';

COMMENT ON VIEW checks IS 'What was checked and what came out; a finding that recurs is told once.';
COMMENT ON COLUMN checks.check_id IS
    'Id of the finding, made of what it says, so that one that recurs keeps it.';
COMMENT ON COLUMN checks.run_id IS 'Run that first found it.';
COMMENT ON COLUMN checks.name IS 'What was checked, like counts_reconcile or new_zero.';
COMMENT ON COLUMN checks.severity IS 'info, warn, hold (the newer value is refused), or fail.';
COMMENT ON COLUMN checks.passed IS 'Whether all was as expected.';
COMMENT ON COLUMN checks.feed IS 'Feed that it is about; NULL: none in particular.';
COMMENT ON COLUMN checks.inference_provider IS
    'Provider that it is about; NULL: none in particular.';
COMMENT ON COLUMN checks.offer_id IS 'Offer that it is about; NULL: none in particular.';
COMMENT ON COLUMN checks.unit IS 'Unit whose price it is about, like input_token; NULL: none.';
COMMENT ON COLUMN checks.expected IS 'What was expected, in words.';
COMMENT ON COLUMN checks.observed IS 'What was found, in words.';
COMMENT ON COLUMN checks.old_amount IS
    'Price of ONE unit that stood before, or that the other feed states; NULL: none.';
COMMENT ON COLUMN checks.candidate_amount IS
    'Price of ONE unit that was found; NULL: none or not readable.';
COMMENT ON COLUMN checks.message IS 'The finding as a sentence.';
COMMENT ON COLUMN checks.decision IS
    'pending, accepted, rejected, or expired; NULL: there is nothing to decide.';
COMMENT ON COLUMN checks.decided_by IS 'Who decided; NULL: nobody yet.';
COMMENT ON COLUMN checks.decided_at IS 'When it was decided, UTC; NULL: not yet.';
COMMENT ON COLUMN checks.decision_reason IS 'Why it was decided so; NULL: not yet.';

COMMENT ON VIEW rejected_rows IS
    'Entries of answers that did not enter, and why: one row per entry and run.';
COMMENT ON COLUMN rejected_rows.run_id IS 'Run that refused it.';
COMMENT ON COLUMN rejected_rows.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN rejected_rows.payload_hash IS 'sha256, in hex, of the raw answer that holds it.';
COMMENT ON COLUMN rejected_rows.json_path IS 'Place of the entry in that answer, as a JSON path.';
COMMENT ON COLUMN rejected_rows.record_key IS
    'What names the entry, like model | provider | task | name; NULL: nothing does.';
COMMENT ON COLUMN rejected_rows.reasons IS 'Every reason, as field:rule.';
COMMENT ON COLUMN rejected_rows.field IS 'First field that was at fault; NULL: no single one.';
COMMENT ON COLUMN rejected_rows.value_text IS 'What stood there, shortened; NULL: nothing to show.';
COMMENT ON COLUMN rejected_rows.rejected_at IS 'Start of the run that refused it, UTC.';

COMMENT ON VIEW offer_links IS
    'Offers that go on under another id, because a name in them changed: one row per pair.';
COMMENT ON COLUMN offer_links.old_offer_id IS 'Id of the offer until then.';
COMMENT ON COLUMN offer_links.new_offer_id IS 'Id of the offer from then on.';
COMMENT ON COLUMN offer_links.reason IS
    'hub_named_it (the provider''s name for it became known), hub_dropped_it, or provider_id_changed.';
COMMENT ON COLUMN offer_links."at" IS 'Newest answer of the run that noticed it, UTC.';

COMMENT ON MACRO TABLE price_as_of IS
    'What each price was at `ts`, as far as recorded by `known_at` (NULL: as known now): the columns of price_history and in_gap.';
COMMENT ON MACRO TABLE blended IS
    'Cost in `currency` per ONE token of each offer priced both ways, at `input_share` (0 to 1) of input tokens.';
COMMENT ON MACRO TABLE cheapest IS
    'The `n` cheapest rankable offers of a task group; `region` keeps only that region, NULL keeps all.';
