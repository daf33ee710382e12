"""`pricehouse recommend`: the best routes for a month of your mix, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from rich.table import Table

from cli.console import out
from cli.options import current_home, home_option, json_option, print_json
from marketplace.display import with_recommendation
from marketplace.numbers import dollars, json_value
from marketplace.queries.filters import RecommendQuery
from marketplace.queries.recommend import find_recommendation
from schemas.errors import UsageError
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

FEW = 10
"""How many offers that are left out a printed answer lists; `--json` has `--left-out-limit`."""
_NO_COST = {
    "not_routed": "not routed",
    "no_route": "unknown route",
    "cost_not_known": "unknown",
    "several_routes": "several",
}
Command = Callable[..., Any]


def query_options(command: Command) -> Command:
    """Add an option for each parameter of the query; a list takes its option several times."""
    for name, field in reversed(RecommendQuery.model_fields.items()):
        command = _option(name, field)(command)
    return command


def _option(name: str, field: FieldInfo) -> Callable[[Command], Command]:
    flag = f"--{name.replace('_', '-')}"
    text = (field.description or f"{name.replace('_', ' ').capitalize()} per month.").replace(
        "`", ""
    )
    if field.annotation is bool:
        return click.option(flag, name, is_flag=True, default=None, help=text)
    if bool in get_args(field.annotation):
        return click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=text)
    is_list = field.get_default(call_default_factory=True) == []
    short = ("--model",) if name == "model_id" else ()
    return click.option(*short, flag, name, multiple=is_list, metavar="VALUE", help=text)


@click.command()
@query_options
@home_option
@json_option
def recommend(*, as_json: bool, **given: Any) -> None:
    """Recommend routes for a month of your mix by its cost.

    Ranks the offers that meet every constraint, the lowest bill first, and shows why the others
    are left out, and what each saves against the model's default route and its :cheapest route,
    which is the lowest output price and not the lowest bill. Ties go to the higher throughput,
    then the shorter time to the first token, then by name. Without any quantity the mix is an
    example: 1,000,000 tokens at 3:1 for text.
    """
    query = parse_query({name: value for name, value in given.items() if value not in (None, ())})
    pool = PublicationPool(Home.at(current_home()))
    try:
        with pool.reading(limited=False) as reading:
            facts = reading.publication
            found = with_recommendation(find_recommendation(reading, query))
    finally:
        pool.close()
    named = {"publication": facts["publication_id"], "origin": facts["origin"], **found}
    if as_json:
        print_json(json_value(named))
    else:
        _print(named)


def parse_query(given: dict[str, Any]) -> RecommendQuery:
    """Return the query; UsageError names each option whose value is not valid."""
    try:
        return RecommendQuery.model_validate(given)
    except ValidationError as error:
        problems = [
            f"--{str(each['loc'][0]).replace('_', '-')}: {each['msg']}" for each in error.errors()
        ]
    raise UsageError("; ".join(problems))


def _print(found: dict[str, Any]) -> None:
    units = ", ".join(f"{n:,} {unit.replace('_', ' ')}" for unit, n in found["mix"].items() if n)
    if found["cached_input_tokens"]:
        units += f" ({found['cached_input_tokens']:,} of the input tokens cached)"
    example = ", an example, because no quantity was given" if found["mix_is_default"] else ""
    out.print(
        f"A month of {units}{example}; {found['origin']} data of {found['publication']}",
        soft_wrap=True,
    )
    if found["items"]:
        out.print(_table(found["items"]))
    else:
        out.print("No offer meets every constraint.")
    if found["total"] > len(found["items"]):
        out.print(f"{found['total']} offers are ranked; --limit shows more.")
    if found["left_out_total"]:
        counts = ", ".join(f"{reason} {n}" for reason, n in found["left_out_counts"].items())
        out.print(f"{found['left_out_total']} left out: {counts}", markup=False, soft_wrap=True)
    for item in found["left_out"][:FEW]:
        why = "; ".join(reason["text"] for reason in item["reasons"])
        out.print(f"  {item['route']} ({item['offer']['task']}): {why}", markup=False)


def _table(items: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    table.add_column("route", overflow="fold")
    table.add_column("per month", justify="right")
    table.add_column("saves on default", justify="right")
    table.add_column("saves on :cheapest", justify="right")
    table.add_column("tokens/s", justify="right")
    table.add_column("region")
    for item in items:
        speed = item["offer"]["throughput_tps"]
        table.add_row(
            str(item["rank"]),
            item["route"],
            dollars(item["cost_per_month"]),
            _saving(item["default_route"]),
            _saving(item["cheapest_route"]),
            "" if speed is None else f"{speed:,.0f}",
            item["offer"]["region"],
        )
    return table


def _saving(route: dict[str, Any]) -> str:
    saving = route["saving_per_month"]
    if saving is None:
        return _NO_COST[route["reason"]]
    return dollars(saving) if saving >= 0 else f"-{dollars(-saving)}"
