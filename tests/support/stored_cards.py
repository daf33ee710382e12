"""Compare the stored cards of a publication with what the other tables make of them."""

from __future__ import annotations

from pathlib import Path

from warehouse.connect import open_reader

_QUERIES = {
    "stored, and not computed": (
        "FROM internal._ph_card_facts EXCEPT ALL FROM internal._ph_card_computed"
    ),
    "computed, and not stored": (
        "FROM internal._ph_card_computed EXCEPT ALL FROM internal._ph_card_facts"
    ),
    "another observed_at": """
        SELECT c.offer_id, c.observed_at, s.seen_at
        FROM cards c LEFT JOIN internal._ph_present s USING (offer_id)
        WHERE c.observed_at IS DISTINCT FROM s.seen_at""",
    "another speed_observed_at": """
        SELECT c.offer_id, c.speed_observed_at, s.seen_at
        FROM cards c JOIN internal._ph_card k USING (offer_id)
        LEFT JOIN internal._ph_seen s ON s.offer_id = c.offer_id AND s.feed = k.speed_feed
        WHERE c.speed_observed_at IS DISTINCT FROM s.seen_at""",
    "another price_observed_at": """
        SELECT c.offer_id, c.price_observed_at, s.seen_at
        FROM cards c LEFT JOIN (
            SELECT offer_id, min(seen_at) AS seen_at FROM internal._ph_price_seen
            WHERE tier = 'standard'
              AND unit NOT IN ('cached_input_token', 'cache_write_token', 'reasoning_token')
            GROUP BY offer_id) s USING (offer_id)
        WHERE c.price_observed_at IS DISTINCT FROM s.seen_at""",
    "ranked by an old price": """
        SELECT c.offer_id FROM cards c, publication p
        WHERE c.rankable AND coalesce(c.price_observed_at < p.observed_to - INTERVAL 24 HOUR, true)
        """,
    "not ranked by a new price": """
        SELECT c.offer_id
        FROM cards c JOIN internal._ph_card_facts f USING (offer_id), publication p
        WHERE f.can_rank AND NOT c.rankable
          AND c.price_observed_at >= p.observed_to - INTERVAL 24 HOUR""",
    "another origin": "SELECT c.offer_id FROM cards c, publication p WHERE c.origin <> p.origin",
}


def wrong_cards(publication: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what is wrong → the rows of which it is; empty where nothing is."""
    with open_reader(publication) as con:
        found = {what: con.execute(query).fetchall() for what, query in _QUERIES.items()}
    return {what: rows for what, rows in found.items() if rows}
