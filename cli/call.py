"""`pricehouse call`: one inference call, what it costs by our card, and what it states it cost."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from cli.call_report import CalledRoute, CallReport, preview_lines, report_lines
from cli.options import current_settings, home_option, json_option
from marketplace.numbers import json_value
from pipeline.call import call_model, chat_payload, read_payload, require_token
from providers.http.proxies import read_proxies
from providers.inference import require_callable
from providers.interface import INFERENCE_TIMEOUT_S
from providers.secrets import find_token
from schemas.clock import utc_now
from schemas.errors import InferenceUnexpectedResponse, UsageError
from schemas.inference import ChatPayload, InferencePayload
from warehouse.publication.reader_pool import PublicationPool, Reading
from warehouse.storage.files import os_errors_as_home_error
from warehouse.storage.home import Home


def _require_number(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Refuse `nan`, which no range excludes."""
    if math.isnan(value):
        raise click.BadParameter("it is no number.", ctx=ctx, param=param)
    return value


@click.command()
@click.argument("model", metavar="MODEL[:PROVIDER]")
@click.option("--prompt", metavar="TEXT", help="The question.")
@click.option(
    "--payload",
    "payload_file",
    type=click.File("rb"),
    metavar="FILE",
    help="JSON with messages (chat) or inputs (hf-inference); - reads standard input.",
)
@click.option("--max-tokens", type=click.IntRange(min=1), help="With --prompt: the longest answer.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True, max=3600),
    callback=_require_number,
    default=INFERENCE_TIMEOUT_S,
    show_default=True,
    help="Seconds to wait for the whole answer.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the body of the answer to FILE; needed without messages.",
)
@click.option("--yes", is_flag=True, help="Do not ask before the call, which costs money.")
@home_option
@json_option
# Eight parameters: each is an option of the command.
def call(
    *,
    model: str,
    prompt: str | None,
    payload_file: BinaryIO | None,
    max_tokens: int | None,
    timeout_s: float,
    output: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Call a model once, and compare what it cost.

    Shows the price of the route and asks before it spends; then prints the answer, who served it,
    the tokens, what they cost by our card, and what the answer itself states that it cost. Nothing
    is sent twice. PROVIDER may be a routing word: fastest (the default), cheapest or preferred.
    """
    payload = _payload(model, prompt, payload_file, max_tokens)
    model_id, route_name = require_callable(model, payload)
    if output is None and not isinstance(payload, ChatPayload):
        raise UsageError("without messages the answer may be bytes: name a file with --output")
    settings, proxies = current_settings(), read_proxies(os.environ)
    secret = require_token(partial(find_token, os.environ))
    if output is not None:  # opened now: a call that was paid must not be lost
        with os_errors_as_home_error(output):
            output.touch()
    with _reading(settings.home) as reading:
        route = CalledRoute(reading, model_id, route_name, is_chat=isinstance(payload, ChatPayload))
        if not yes:
            _confirm(preview_lines(route, payload))
        sent_at = utc_now()
        response = call_model(
            model, payload, secret, settings, timeout_s=timeout_s, proxies=proxies
        )
        if output is not None:
            with os_errors_as_home_error(output):
                output.write_bytes(response.body)
        report = CallReport.of(route, response, sent_at=sent_at, output=output)
    if as_json:
        # one line, so that a file of calls is NDJSON
        click.echo(msgspec.json.encode(json_value(report.facts())).decode())
    else:
        for line in report_lines(report):
            click.echo(line)
    if report.lacks_usage:
        raise InferenceUnexpectedResponse(
            "the answer states no tokens (usage), so that its cost is not known", code="no_usage"
        )


def _payload(
    model: str, prompt: str | None, payload_file: BinaryIO | None, max_tokens: int | None
) -> InferencePayload:
    if (prompt is None) == (payload_file is None):
        raise UsageError("give one of --prompt and --payload")
    if payload_file is None:
        return chat_payload(prompt or "", max_tokens=max_tokens)
    if max_tokens is not None:
        raise UsageError("--max-tokens goes with --prompt; a payload has its own max_tokens")
    return read_payload(payload_file.read(), model=model)


@contextmanager
def _reading(home: Path) -> Iterator[Reading | None]:
    """Open the newest publication; None where nothing is published: a call needs no prices."""
    found = Home(home)
    if not found.link.is_symlink():
        yield None
        return
    pool = PublicationPool(found)
    try:
        with pool.reading(limited=False) as reading:
            yield reading
    finally:
        pool.close()


def _confirm(lines: list[str]) -> None:
    if not sys.stdin.isatty():
        raise UsageError("a call costs money, and nobody is here to confirm it: pass --yes")
    for line in lines:
        click.echo(line, err=True)
    if not click.confirm("Send the call?", err=True):
        click.echo("nothing was sent", err=True)
        sys.exit(1)
