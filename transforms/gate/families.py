"""Group the ids under which one provider offered one model for one task.

Ids of a `line` are joined by offer links; ids of a `family` share source, model, provider and task,
or are linked with one that does. Models are one ignoring case, and under every name of one
repository of the Hub.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


def with_family(offers: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    """Add `family` to offers; `models` has model_id and hub_id (null: not known)."""
    named = models.filter(pl.col("hub_id").is_not_null()).select(
        "hub_id", _model=pl.col("model_id").str.to_lowercase()
    )
    first = (
        named.with_columns(_first=pl.col("_model").min().over("hub_id"))
        .group_by("_model")
        .agg(pl.col("_first").min())
    )
    return (
        offers.with_columns(_model=pl.col("model_id").str.to_lowercase())
        .join(first, on="_model", how="left", maintain_order="left")
        .with_columns(
            family=pl.concat_str(
                "source",
                pl.coalesce("_first", "_model"),
                "inference_provider",
                "task",
                separator="\x1f",
            )
        )
        .drop("_model", "_first")
    )


def group_offers(offers: pl.DataFrame, models: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Return offer_id, `family` and `line` of each offer; `links` are OFFER_PAIRS.

    `models` has the repository (hub_id) that each name belongs to today. A link between two
    repositories is of a name that another one uses now: it joins nothing.
    """
    named = with_family(offers, models).select("offer_id", "family")
    links = _connected(_within_repositories(links, offers, models), offers["offer_id"])
    if links.is_empty():
        return named.with_columns(line="offer_id")
    line = _components(links.iter_rows())
    ids = pl.concat([links["old_offer_id"], links["new_offer_id"]]).implode()
    families = dict(named.filter(pl.col("offer_id").is_in(ids)).iter_rows())
    merged = _components(
        (families[old], families[new])
        for old, new in links.iter_rows()
        if old in families and new in families
    )
    return named.with_columns(
        family=pl.col("family").replace(merged), line=pl.col("offer_id").replace(line)
    )


def _within_repositories(
    links: pl.DataFrame, offers: pl.DataFrame, models: pl.DataFrame
) -> pl.DataFrame:
    """Return the links of which both names are not known to belong to two repositories."""
    hubs = offers.select("offer_id", "model_id").join(models, on="model_id")
    return (
        links.join(
            hubs.select(old_offer_id="offer_id", _old="hub_id"),
            on="old_offer_id",
            how="left",
            maintain_order="left",
        )
        .join(
            hubs.select(new_offer_id="offer_id", _new="hub_id"),
            on="new_offer_id",
            how="left",
            maintain_order="left",
        )
        .filter(pl.col("_old").eq(pl.col("_new")).fill_null(value=True))
        .select(links.columns)
    )


def _connected(links: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Return the links that lead to any of these ids, directly or through others.

    A home has the links of all years, and a run looks at few offers.
    """
    known = ids.unique()
    while True:
        near = pl.any_horizontal(pl.col("old_offer_id", "new_offer_id").is_in(known.implode()))
        found = links.filter(near)
        reached = pl.concat([known, found["old_offer_id"], found["new_offer_id"]]).unique()
        if reached.len() == known.len():
            return found
        known = reached


def _components(pairs: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Return each name of the pairs with the first name, in order, that it is connected with."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {name: root(name) for name in parent}
