"""Hold the home of a soak against what its servers stated, hour by hour."""

from __future__ import annotations

import shutil
from bisect import bisect_right
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.support.command import pricehouse
from tests.support.fault_matrix_cases import CANARY
from tests.support.published import rows
from tests.support.soak import Soaked, price
from tests.support.soak_alerts import require_alerts
from warehouse.storage.landing import Landing

MOST_APART = timedelta(hours=1.5)
WHOLE = (
    "SELECT run_id FROM run_feeds JOIN runs USING (run_id) WHERE feed = ? "
    "AND run_feeds.outcome = 'complete' AND runs.outcome IN ('published', 'unchanged')"
)
PROVIDERS = {"router": ("acme/chat", "scaleway"), "hub": ("acme/hub-chat", "sambanova")}
"""Feed → an offer of which it alone states prices."""


def require_truth(soaked: Soaked) -> dict[str, Any]:
    """Require that nothing is counted twice and no interval is wrong; return figures."""
    home = soaked.home
    figures: dict[str, Any] = {}
    scheduled = [
        at
        for (at,) in rows(
            home,
            "SELECT scheduled_at FROM runs WHERE trigger = 'schedule' "
            "AND outcome IN ('published', 'unchanged')",
        )
    ]
    twice = [at for at, count in Counter(scheduled).items() if count > 1]
    assert twice == [], f"committed twice: {twice}"
    figures["committed hours"] = len(scheduled)
    for feed, offer in PROVIDERS.items():
        observed = _observed(home, feed)
        assert _history(home, *offer) == _expected_history(observed, soaked.starts), feed
        gaps = [(a, b) for a, b in pairwise(observed) if b - a > MOST_APART]
        stated = rows(home, f"SELECT from_at, to_at FROM gaps WHERE feed = '{feed}' ORDER BY 1")
        assert stated == gaps, feed
        figures[f"whole answers of {feed}"] = len(observed)
        figures[f"gaps of {feed}"] = len(gaps)
    checked = pricehouse("doctor", home=home, **soaked.environment)
    assert checked.returncode == 0, checked.stdout
    _require_same_replay(home, soaked.environment)
    _require_no_canary(soaked)
    kills = sum(count for name, count in soaked.done.items() if name.startswith("kills"))
    return figures | require_alerts(home, soaked.receiver, kills=kills)


def require_bounded(soaked: Soaked) -> None:
    """Require that memory, descriptors and files of the last hours are those of the early ones."""
    early, late = soaked.samples[0], soaked.samples[-1]
    for name, megabytes in late.rss_mb.items():
        assert megabytes < 2 * early.rss_mb[name] + 100, (name, early, late)
    for name, count in late.descriptors.items():
        assert count < early.descriptors[name] + 30, (name, early, late)
    assert late.files < early.files + 10, (early, late)


def _observed(home: Path, feed: str) -> list[datetime]:
    """Return when each whole answer of a committed run was observed, from landing."""
    landing, found = Landing(home / "landing"), []
    for (run_id,) in rows(home, WHOLE.replace("?", f"'{feed}'")):
        run = landing.run_of(run_id)
        fetch = run.fetch_of(feed) if run else None
        assert fetch is not None
        found.append(fetch.observed_at)
    return sorted(found)


def _expected_history(
    observed: list[datetime], starts: list[datetime]
) -> list[tuple[Decimal, datetime, datetime | None]]:
    """Return an interval per price: from the first answer that had it to that of the next one."""
    first: dict[int, datetime] = {}
    for at in observed:
        first.setdefault(bisect_right(starts, at) - 1, at)
    ends = [*list(first.values())[1:], None]
    return [
        (Decimal(price(hour)) / 1_000_000, start, end)
        for (hour, start), end in zip(first.items(), ends, strict=True)
    ]


def _history(home: Path, model: str, provider: str) -> list[tuple[Any, ...]]:
    query = (
        "SELECT amount, valid_from, valid_to FROM price_history "
        f"WHERE model_id = '{model}' AND inference_provider = '{provider}' "
        "AND unit = 'input_token' ORDER BY valid_from"
    )
    return rows(home, query)


def _require_same_replay(home: Path, environment: dict[str, str]) -> None:
    """Require that an undisturbed pass over the same answers gives the same export."""
    again = home.parent / "again"
    shutil.copytree(home / "landing", again / "landing")
    done = pricehouse("replay", home=again, **environment)
    assert done.returncode == 0, done.stderr
    exports = []
    for each in (home, again):
        folder = each.parent / f"{each.name}-export"
        done = pricehouse("export", str(folder), home=each, **environment)
        assert done.returncode == 0, done.stderr
        exports.append({path.name: path.read_bytes() for path in folder.rglob("*.ndjson")})
        shutil.rmtree(folder)
    shutil.rmtree(again)
    assert exports[0]
    unlike = sorted(name for name in exports[0] if exports[0][name] != exports[1].get(name))
    assert unlike == []


def _require_no_canary(soaked: Soaked) -> None:
    assert CANARY not in soaked.output
    for path in soaked.home.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
