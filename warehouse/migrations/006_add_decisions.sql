-- What an operator decides about a price, and what the gate remembers of what it refused.

-- Place of a feed in the precedence of prices, 1 first; NULL: it states none.
ALTER TABLE _ph_feed ADD COLUMN price_rank INTEGER;

-- What the gate refuses now. A row lives as long as the source goes on stating the same thing, so
-- that a decision about it is remembered just as long.
CREATE TABLE _ph_refusal (
    check_id VARCHAR NOT NULL, name VARCHAR NOT NULL, feed VARCHAR NOT NULL,
    inference_provider VARCHAR, offer_id VARCHAR, unit VARCHAR, tier VARCHAR,
    candidate VARCHAR NOT NULL, since_at TIMESTAMPTZ NOT NULL, decision VARCHAR NOT NULL
);

-- Prices that stand corrected, as long as their source states the value that was overruled.
CREATE TABLE _ph_correction (
    offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL, tier VARCHAR NOT NULL,
    overruled_amount DECIMAL(38,18), overruled_status VARCHAR NOT NULL,
    overruled_currency VARCHAR NOT NULL
);

-- Of all that was logged about the start of an interval, the last word counts: `corrected` puts
-- another value in its place, `void` takes the start away.
CREATE OR REPLACE VIEW _ph_price_interval AS
WITH word AS (
    SELECT * FROM _ph_price_log
    QUALIFY row_number() OVER (
        PARTITION BY offer_id, unit, tier, valid_from ORDER BY log_id DESC) = 1
)
SELECT *, lead(valid_from) OVER series AS valid_to, lead(kind) OVER series AS next_kind,
       lead(not_before_at) OVER series AS last_shown_at
FROM word WHERE kind <> 'void'
WINDOW series AS (PARTITION BY offer_id, unit, tier ORDER BY valid_from);

CREATE OR REPLACE VIEW _ph_price_history AS
SELECT i.offer_id, o.model_id, o.inference_provider, i.unit, i.tier, i.amount, i.currency,
       i.price_status, i.basis, i.reason, i.native_unit, i.raw_text, i.native_amount,
       i.native_quantity, i.formula, i.scope, o.task_group, i.valid_from, i.not_before_at,
       i.valid_to,
       CASE WHEN i.next_kind IS NULL THEN s.seen_at ELSE i.last_shown_at END AS last_seen_at,
       CASE i.next_kind WHEN 'seen' THEN 'change' WHEN 'corrected' THEN 'correction'
                        ELSE i.next_kind END AS closed_by,
       i.recorded_at, i.feed, i.rule_version, i.run_id, i.payload_hash, i.json_path
FROM _ph_price_interval i
JOIN _ph_offer o USING (offer_id)
LEFT JOIN _ph_price_seen s USING (offer_id, unit, tier)
WHERE i.kind IN ('seen', 'corrected');

-- Every word of every feed; one that was corrected or revised shows when and by which run.
CREATE VIEW _ph_price_claims AS
WITH told AS (
    SELECT *, greatest(lead(valid_from) OVER series, valid_from) AS valid_to,
           lead(kind) OVER series AS next_kind, lead(not_before_at) OVER series AS last_shown_at,
           lead(recorded_at) OVER series AS next_at, lead(run_id) OVER series AS next_run
    FROM _ph_claim_log
    WINDOW series AS (PARTITION BY offer_id, unit, tier, feed ORDER BY valid_from, log_id)
), shown AS (
    SELECT DISTINCT offer_id, unit, tier, feed, claim_run_id FROM _ph_price_log
    WHERE kind IN ('seen', 'corrected')
)
SELECT t.offer_id, o.model_id, o.inference_provider, t.unit, t.tier, t.amount, t.currency,
       t.price_status, t.basis, t.reason, t.native_unit, t.raw_text, t.native_amount,
       t.native_quantity, t.formula, t.scope, o.task_group, t.valid_from, t.not_before_at,
       CASE WHEN t.next_kind IS NOT NULL THEN t.valid_to END AS valid_to,
       CASE WHEN t.next_kind IS NULL THEN s.seen_at ELSE t.last_shown_at END AS last_seen_at,
       CASE t.next_kind WHEN 'seen' THEN 'change' WHEN 'corrected' THEN 'correction'
                        WHEN 'void' THEN 'correction' ELSE t.next_kind END AS closed_by,
       t.recorded_at, t.feed, t.rule_version, t.run_id, t.payload_hash, t.json_path,
       shown.offer_id IS NOT NULL AS chosen,
       greatest(t.next_at, CASE WHEN t.next_at IS NOT NULL THEN t.recorded_at END)
           AS superseded_at,
       CASE WHEN t.next_at > t.recorded_at THEN t.next_run
            WHEN t.next_at IS NOT NULL THEN t.run_id END AS superseded_by_run, t.evidence
FROM told t
JOIN _ph_offer o USING (offer_id)
LEFT JOIN _ph_seen s USING (offer_id, feed)
LEFT JOIN shown USING (offer_id, unit, tier, feed, claim_run_id)
WHERE t.kind IN ('seen', 'corrected');

CREATE OR REPLACE VIEW price_claims AS SELECT * FROM _ph_price_claims;

CREATE VIEW _ph_status_history AS
WITH word AS (
    SELECT * FROM _ph_status_log
    QUALIFY row_number() OVER (PARTITION BY offer_id, valid_from ORDER BY log_id DESC) = 1
)
SELECT i.offer_id, o.inference_provider, i.status, i.context_length, i.supports_tools,
       i.supports_structured_output, i.valid_from, i.valid_to, i.recorded_at, i.run_id
FROM (
    SELECT *, lead(valid_from) OVER (PARTITION BY offer_id ORDER BY valid_from) AS valid_to
    FROM word WHERE kind <> 'void'
) i JOIN _ph_offer o USING (offer_id)
WHERE i.kind IN ('seen', 'corrected');

CREATE OR REPLACE VIEW status_history AS SELECT * FROM _ph_status_history;

-- What each price was at `ts`, as far as was recorded by `known_at`. Inside a gap: the last known.
-- With `known_at`, last_seen_at of a price that still held then is NULL: the log does not say it.
CREATE OR REPLACE MACRO price_as_of(ts, known_at := NULL) AS TABLE
WITH word AS (
    SELECT * FROM _ph_price_log l
    WHERE known_at IS NULL OR l.recorded_at <= known_at
    QUALIFY row_number() OVER (
        PARTITION BY l.offer_id, l.unit, l.tier, l.valid_from ORDER BY l.log_id DESC) = 1
), known AS (
    SELECT *, lead(w.valid_from) OVER series AS until_at, lead(w.kind) OVER series AS next_kind,
           lead(w.not_before_at) OVER series AS last_shown_at
    FROM word w WHERE w.kind <> 'void'
    WINDOW series AS (PARTITION BY w.offer_id, w.unit, w.tier ORDER BY w.valid_from)
)
SELECT k.offer_id, o.model_id, o.inference_provider, k.unit, k.tier, k.amount, k.currency,
       k.price_status, k.basis, k.reason, k.native_unit, k.raw_text, k.native_amount,
       k.native_quantity, k.formula, k.scope, o.task_group, k.valid_from, k.not_before_at,
       k.until_at AS valid_to,
       CASE WHEN k.next_kind IS NOT NULL THEN k.last_shown_at
            WHEN known_at IS NULL THEN s.seen_at END AS last_seen_at,
       CASE k.next_kind WHEN 'seen' THEN 'change' WHEN 'corrected' THEN 'correction'
                        ELSE k.next_kind END AS closed_by,
       k.recorded_at, k.feed, k.rule_version, k.run_id, k.payload_hash, k.json_path,
       EXISTS (SELECT 1 FROM _ph_gap g JOIN _ph_run r ON r.run_id = g.run_id
               WHERE g.feed = k.feed AND g.from_at < ts AND ts < g.to_at
                 AND (known_at IS NULL OR r.started_at <= known_at)) AS in_gap
FROM known k
JOIN _ph_offer o ON o.offer_id = k.offer_id
LEFT JOIN _ph_price_seen s ON s.offer_id = k.offer_id AND s.unit = k.unit AND s.tier = k.tier
WHERE k.kind IN ('seen', 'corrected') AND k.valid_from <= ts
  AND (k.until_at IS NULL OR ts < k.until_at);

-- A view that is replaced loses its comments.
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
    'Code for why the status is suspect or unparsed, or that the price was corrected; NULL: nothing to explain.';
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
    'Start of the run that recorded the end of this statement, or a correction of it, UTC; NULL: it still stands.';
COMMENT ON COLUMN price_claims.superseded_by_run IS
    'Run that recorded the end of this statement, or a correction of it; NULL: it still stands.';
COMMENT ON COLUMN price_claims.evidence IS
    'The source''s own JSON of the entry that states the price, unchanged; of a corrected price, the decision.';
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
COMMENT ON MACRO TABLE price_as_of IS
    'What each price was at `ts`, as far as recorded by `known_at` (NULL: as known now): the columns of price_history and in_gap.';
