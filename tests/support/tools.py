"""The real libraries of other tools, in the venv of `make tools`, and what calls cost by our cards.

Each script of tool_scripts/ loads an export by its library and prints JSON. `.ci/run` makes the
venv, so that a skip there fails it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.documents import CHECKOUT
from tests.support.serving import Site

PYTHON = CHECKOUT / ".venv-tools" / "bin" / "python"
SCRIPTS = Path(__file__).with_name("tool_scripts")
needs_tools = pytest.mark.skipif(not PYTHON.exists(), reason="`make tools` was not run here")
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "NO_PROXY": "*"}
"""Without these LiteLLM fetches its own map when it is imported."""
TOKEN_USAGES = (
    {"input_token": 1000, "output_token": 500},
    {"input_token": 31_999, "output_token": 1, "cached_input_token": 30_000},
    {"input_token": 7, "output_token": 4096, "cached_input_token": 7},
)
MEDIA_USAGES = {
    "image": (1, 2, 7),
    "second_of_audio": (1, 60, 3599),
    "character": (1, 1000, 12_345),
    "second_of_video": (1, 5, 8),
}
"""Unit → how many of it three calls use."""
_DIGITS = Context(prec=12)


class Tool(NamedTuple):
    """A script of tool_scripts/: the address of its export, and what its format has room for."""

    script: str
    path: str
    units: frozenset[str]
    token_groups: frozenset[str] = frozenset({"text", "embedding"})
    """The task groups that it takes prices of tokens for."""

    def takes(self, case: CostedCall) -> bool:
        """Return whether the format has room for a price."""
        if "input_token" in case.units and case.group not in self.token_groups:
            return False
        return bool(self.units & case.units.keys())


_AUDIO = {"second_of_audio", "character"}
TOOLS = (
    Tool(
        "cost_genai_prices",
        "/v1/exports/genai-prices.json",
        frozenset({"input_token", *_AUDIO}),
        frozenset({"text", "embedding", "audio", "other"}),
    ),
    Tool(
        "cost_litellm",
        "/v1/exports/litellm.json",
        frozenset({"input_token", "image", "second_of_video", *_AUDIO}),
    ),
    Tool("cost_openrouter", "/api/v1", frozenset({"input_token"})),
    Tool(
        "cost_langfuse",
        "/v1/exports/langfuse.ndjson",
        frozenset({"input_token", "image"}),
        frozenset({"text", "embedding", "audio", "other"}),
    ),
)


class CostedCall(NamedTuple):
    """A call, and what it costs by our card."""

    model: str
    provider: str
    units: dict[str, int]
    cost: Decimal
    group: str = "text"
    routed: bool = False
    at: str | None = None
    context: dict[str, str] | None = None

    @property
    def name(self) -> str:
        """The name of the route."""
        return f"{self.model}:{self.provider}"


_CARDS = """
    SELECT model_id, inference_provider, cost_per_input_token, cost_per_output_token,
           cost_per_cached_input_token, cost_per_image, cost_per_audio_minute,
           cost_per_million_characters, cost_per_video_second, task_group,
           router_default IS NOT NULL
    FROM cards WHERE price_status IN ('priced', 'free') AND currency = 'USD'
    ORDER BY model_id, inference_provider
"""


def cases_of(site: Site) -> list[CostedCall]:
    """Return three calls of each priced card. Cached tokens without a price cost as much as
    others."""
    return [case for row in site.sql(_CARDS) for case in _cases(row)]


def _cases(row: tuple[Any, ...]) -> Iterator[CostedCall]:
    model, provider, tokens_in, tokens_out, cached, image, minute, *rest = row
    characters, video, *known = rest
    if tokens_in is not None:
        read = tokens_in if cached is None else cached
        for units in TOKEN_USAGES:
            hits = units.get("cached_input_token", 0)
            fresh = units["input_token"] - hits
            outputs = units["output_token"] if tokens_out is not None else 0
            cost = fresh * tokens_in + hits * read + outputs * (tokens_out or 0)
            yield CostedCall(model, provider, {**units, "output_token": outputs}, cost, *known)
        return
    media = {
        "image": image,
        "second_of_audio": None if minute is None else minute / 60,
        "character": None if characters is None else characters / 1_000_000,
        "second_of_video": video,
    }
    for unit, amount in media.items():
        if amount is not None:
            for count in MEDIA_USAGES[unit]:
                yield CostedCall(model, provider, {unit: count}, count * amount, *known)


def run_tool(
    script: str, address: str, cases: Sequence[CostedCall], folder: Path, *arguments: str
) -> dict[str, Any]:
    """Run a script on the cases; return what it printed."""
    file = folder / f"{script}.json"
    file.write_text(json.dumps([case._asdict() for case in cases], default=str))
    done = subprocess.run(
        [PYTHON, SCRIPTS / f"{script}.py", address, file, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**OFFLINE, "PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def differences(cases: Sequence[CostedCall], costs: Sequence[str]) -> list[tuple[CostedCall, str]]:
    """Return the cases of which a tool's cost differs from ours in 12 significant digits."""
    return [
        (case, cost)
        for case, cost in zip(cases, costs, strict=True)
        if cost.startswith("error") or _DIGITS.create_decimal(cost) != _DIGITS.plus(case.cost)
    ]
