"""How each price list answers: the one place in tests that a further list adds a row to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


def bare_array(rows: Sequence[str]) -> str:
    """Return rows, given as JSON texts, as a JSON array."""
    return f"[{','.join(rows)}]"


def _fal_envelope(rows: Sequence[str]) -> str:
    return f'{{"prices": {bare_array(rows)}, "next_cursor": null, "has_more": false}}'


def wavespeed_envelope(rows: Sequence[str]) -> str:
    """Return rows in the object that two public readers of WaveSpeedAI's list describe."""
    return f'{{"total": {len(rows)}, "page": 1, "page_size": 200, "items": {bare_array(rows)}}}'


def _data_envelope(rows: Sequence[str]) -> str:
    return f'{{"object": "list", "data": {bare_array(rows)}}}'


@dataclass(frozen=True)
class ListAnswer:
    """The shape of a list's answer: a row with the id `mapped-id`, and what surrounds the rows."""

    row: str
    envelope: Callable[[Sequence[str]], str] = bare_array


LIST_ANSWERS = {
    "deepinfra_list": ListAnswer('{"model_name": "mapped-id"}'),
    "fal_pricing": ListAnswer('{"endpoint_id": "mapped-id"}', _fal_envelope),
    "wavespeed_list": ListAnswer('{"model_uuid": "mapped-id"}', wavespeed_envelope),
    "cerebras_list": ListAnswer('{"id": "mapped-id"}', _data_envelope),
    "featherless_list": ListAnswer('{"id": "mapped-id"}', _data_envelope),
    "fireworks_list": ListAnswer('{"id": "mapped-id"}', _data_envelope),
    "novita_list": ListAnswer('{"id": "mapped-id"}', _data_envelope),
    "ovhcloud_list": ListAnswer('{"id": "mapped-id"}', _data_envelope),
    "sambanova_list": ListAnswer('{"id": "mapped-id"}', _data_envelope),
    "together_list": ListAnswer('{"serverlessEndpoint": "mapped-id"}', _data_envelope),
}
"""Feed → the shape of its answer."""
