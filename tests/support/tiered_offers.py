"""A publication with every kind of statement about cached tokens, and prices of other tiers.

The rows are those of the sample's offers of one model; the cards are made of them again by the view
that makes them in every publication.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.publication_copies import altered
from warehouse.connect import open_reader, open_writer
from warehouse.hour_macros import define_hour_macros
from warehouse.publication.newest import newest
from warehouse.storage.home import Home
from warehouse.view_files import definition

MODEL = "openai/gpt-oss-120b"
KINDS = ("priced", "not_offered", "held", "other_currency", "not_stated")
"""What is stated about cached tokens of the model's first offers, by inference provider."""
_COPY = """
    INSERT INTO internal._ph_price BY NAME
    SELECT * REPLACE (? AS unit, ? AS tier, (amount * ?)::DECIMAL(38,18) AS amount,
                      ? AS native_unit, ? AS feed)
    FROM internal._ph_price WHERE offer_id = ? AND unit = 'input_token' AND tier = 'standard'
"""
_NOT_OFFERED = """
    UPDATE internal._ph_price
    SET amount = NULL, native_amount = NULL, raw_text = NULL, formula = NULL,
        price_status = 'not_published', reason = 'not_offered'
    WHERE offer_id = ? AND unit = 'cached_input_token'
"""
_HELD = """
    INSERT INTO internal._ph_refusal BY NAME
    SELECT 'held-alone' AS check_id, 'unit_magnitude' AS name, feed, offer_id, unit, tier,
           'priced 1' AS candidate, valid_from AS since_at, 'pending' AS decision,
           valid_from AS kept_seen_at
    FROM internal._ph_price WHERE offer_id = ? AND unit = 'cached_input_token'
"""
_EURO = """
    UPDATE internal._ph_price SET currency = 'EUR'
    WHERE offer_id = ? AND unit = 'cached_input_token'
"""
TIERS = ("batch", "context>32768", "flex", "priority")


def tiered_home(sample: Path, folder: Path) -> tuple[Path, dict[str, str]]:
    """Copy a home of the sample; return the copy, and kind → offer_id of KINDS."""
    with open_reader(newest(Home(sample))) as con:
        found = con.execute(
            "SELECT offer_id FROM cards WHERE model_id = ? AND rankable"
            " AND cost_per_output_token IS NOT NULL ORDER BY inference_provider LIMIT ?",
            [MODEL, len(KINDS)],
        ).fetchall()
    offers = dict(zip(KINDS, (row[0] for row in found), strict=True))
    cached = ["cached_input_token", "standard", 0.1, "cached_input_token", "deepinfra_list"]
    changes: list[tuple[str, list[object]]] = [
        (_COPY, [*cached, offers[kind]]) for kind in KINDS if kind != "not_stated"
    ]
    changes += [
        (_NOT_OFFERED, [offers["not_offered"]]),
        (_HELD, [offers["held"]]),
        (_EURO, [offers["other_currency"]]),
        *((_COPY, ["input_token", t, 0.5, "input_token", "x", offers["priced"]]) for t in TIERS),
        (definition("_ph_card_facts")[0], []),
        ("INSERT INTO internal._ph_card_facts FROM internal._ph_card_computed", []),
        (definition("_ph_feed_set")[0], []),
    ]
    copy = altered(sample, folder, *changes)
    with open_writer(newest(Home(copy))) as con:
        define_hour_macros(con)
        con.execute("CHECKPOINT")
    return copy, offers
