"""Cards are computed in parts, whose number and size a large catalogue keeps bounded."""

from __future__ import annotations

from warehouse.connect import Connection
from warehouse.statements import statement


def test_a_large_catalogue_has_larger_parts_but_none_that_does_not_fit(con: Connection) -> None:
    con.execute(
        "INSERT INTO internal._ph_offer BY NAME SELECT 'offer-' || n AS offer_id, "
        "'made/' || n AS model_id, 'text' AS task_group, 'huggingface' AS source, "
        "'novita' AS inference_provider, 'conversational' AS task, 'x' AS provider_model_id, "
        "'model' AS offer_type, now() AS first_seen_at FROM range(1_000) r(n)"
    )

    def largest(rows: int, most_rows: int, parts: int) -> int:
        limits = {"rows": rows, "most_rows": most_rows, "parts": parts}
        con.execute(statement("create_touched_offers"))
        con.execute(statement("create_touched_groups"), {"every": True, **limits})
        query = "SELECT max(n) FROM (SELECT count(*) AS n FROM touched_group GROUP BY part)"
        ((found,),) = con.execute(query).fetchall()
        return int(found)

    assert largest(rows=200, most_rows=500, parts=50) == 200
    assert largest(rows=10, most_rows=500, parts=10) == 100
    assert largest(rows=10, most_rows=50, parts=10) == 50
