"""What the check of a walk compares: one mapping, as two answers of a source state it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Comparison:
    """A feed that states the mapping of `catalog` once more, and the rows of both.

    `stated` and `walked` have inference_provider, model_id (the names of today; null for a rule in
    `stated`), task, provider_model_id, is_rule and status. `answered` are the providers that `feed`
    answered about. `allowed` mappings of a provider, or the `share` of them if that is more, may
    differ.
    """

    feed: str
    catalog: str
    stated: pl.DataFrame
    walked: pl.DataFrame
    answered: Sequence[str]
    allowed: int
    share: float
