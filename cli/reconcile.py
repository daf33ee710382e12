"""`pricehouse reconcile FILE`: whether what was billed is what the prices of its time give."""

from __future__ import annotations

from typing import Any

import click

from cli.options import current_home, home_option, json_option, print_json
from cli.usage_options import columns_option, form_option, read_input, timezone_option

_MOST_ROWS = 20  # contradicted rows that are printed; --json has all


@click.command()
@click.argument("file")
@form_option
@timezone_option
@click.option(
    "--default-route",
    is_flag=True,
    help="Cost a row without a provider at the provider that the router's default led to.",
)
@columns_option
@home_option
@json_option
def reconcile(
    *,
    file: str,
    form: str | None,
    timezone: str | None,
    default_route: bool,
    columns: tuple[str, ...],
    as_json: bool,
) -> None:
    """Compare the stated costs of usage in FILE with our prices.

    The rows are those of `pricehouse cost`, with stated_cost and currency. Each route (model and
    provider) is confirmed, contradicted (by how much, since when), never_seen, or not_compared
    where our cost is not known. - reads standard input.
    """
    from warehouse.publication.billing import compare_routes, compare_rows
    from warehouse.publication.newest import open_newest
    from warehouse.storage.home import Home

    rows, _ = read_input(file, form, columns)
    with open_newest(Home.at(current_home())) as con:
        compared = compare_rows(con, rows, timezone=timezone, default_route=default_route)
    wrong = compared.filter(compared["verdict"] == "contradicted")
    routes = [_plain(row) for row in compare_routes(compared).iter_rows(named=True)]
    listed = [_plain(row) for row in wrong.iter_rows(named=True)]
    if as_json:
        print_json({"routes": routes, "contradicted_rows": listed})
        return
    _print_routes(routes, listed)


def _print_routes(routes: list[dict[str, Any]], listed: list[dict[str, Any]]) -> None:
    from cli.console import out

    for route in routes:
        line = f"{route['verdict']}: {route['model']} at {route['provider'] or 'no provider'}"
        line += f", {route['confirmed']} of {route['rows']} rows confirmed"
        if route["contradicted"]:
            line += (
                f", {route['contradicted']} contradicted by {route['difference']} "
                f"{route['currency']} in all ({route['stated']} stated, {route['cost']} by our "
                f"prices), since {route['since']}"
            )
        if route["why"]:
            line += f"; not compared: {', '.join(route['why'])}"
        out.print(line, markup=False, soft_wrap=True)
    for row in listed[:_MOST_ROWS]:
        out.print(
            f"  row {row['row']}: {row['stated']} stated, {row['cost']} {row['currency']} by our "
            f"prices at {row['timestamp']}",
            markup=False,
            soft_wrap=True,
        )
    if len(listed) > _MOST_ROWS:
        out.print(f"  and {len(listed) - _MOST_ROWS} more; --json has all")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row for JSON: money as plain text, times as RFC 3339."""
    from datetime import datetime
    from decimal import Decimal

    from schemas.amounts import amount_text

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return amount_text(value)
        return value.isoformat() if isinstance(value, datetime) else value

    return {name: plain(value) for name, value in row.items()}
