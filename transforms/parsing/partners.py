"""Parse the mapping that Hugging Face states of each inference provider: no prices, no offers.

One answer per provider, as https://huggingface.co/docs/inference-providers/register-as-a-provider
documents it: task → model → `{_id, providerId, status}`. The key of a tag-filter rule is
`tag-filter=` and its tags, and its entry has `adapterType` and `tags`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from urllib.parse import urlsplit

import msgspec

from schemas.errors import FeedMalformed
from schemas.offerings import PARTNER_MAPPINGS
from schemas.text import replace_unprintable
from schemas.unreadable import UNREADABLE, decode_page
from transforms.parsing.collector import Collector
from transforms.parsing.decode import UnexpectedField, decode
from transforms.parsing.fence import UNREADABLE_ENTRY, EntryLocation
from transforms.parsing.limits import entry_problem, mapping_keys_twice, shortened_status
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.parsed_rows import OfferingRow

PARTNERS = "partners"
SINGLE_MODEL, TAG_FILTER = "single-model", "tag-filter"
_RULE = "tag-filter="
_ADDRESS = re.compile(r"/partners/([^/]+)/models$")

Raw = msgspec.Raw


class PartnerEntry(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """One mapping of a provider; `hf_model` is the model where the entry has no key."""

    _id: str | None = msgspec.field(name="_id", default=None)
    provider_id: str | None = None
    status: str | None = None
    type: str | None = None
    task: str | None = None
    hf_model: str | None = None
    adapter_type: str | None = None
    tags: list[str] | None = None


def partner_of(url: str) -> str | None:
    """Return the inference provider that an address asks about, None where it names none."""
    found = _ADDRESS.search(urlsplit(url).path)
    return found.group(1) if found else None


def parse_partners(pages: Iterable[Page]) -> ParsedFeed:
    """Parse one page per inference provider into rows of its mapping.

    Each row has the provider of the page's address, a task, a providerId, a status, and a model,
    which is null for a tag-filter rule. Raises FeedMalformed for an address without a provider and
    a page that is no JSON object.
    """
    out, seen = Collector(PARTNERS, shape=PARTNER_MAPPINGS), set[str]()
    for page in pages:
        provider = partner_of(page.url)
        if provider is None:
            raise FeedMalformed(
                f"{PARTNERS}: page {page.payload_hash[:12]} is of no provider", code="wrong_address"
            )
        try:
            tasks = decode_page(page.body, dict[str, Raw])
        except UNREADABLE as error:
            raise FeedMalformed(
                f"{PARTNERS}: the answer about {provider} is no object of tasks: {error}",
                code="wrong_shape",
            ) from error
        doubled = mapping_keys_twice(Raw(page.body))
        for task, raw in tasks.items():
            where = EntryLocation(page.payload_hash, f"$.{replace_unprintable(task)}", raw)
            problem = "task:key_twice" if doubled else None
            _read_task(where, problem, task=task, provider=provider, seen=seen, out=out)
        out.close_page()
    return out.finish()


# Six parameters: a place, and what each row of it has in common.
def _read_task(
    where: EntryLocation,
    problem: str | None,
    *,
    task: str,
    provider: str,
    seen: set[str],
    out: Collector,
) -> None:
    entries = _entries(where)
    if isinstance(entries, str) or problem:
        reason = problem or f"task:{entries}"
        out.nameless += 1
        out.reject(where, reason, key=task, field="task", provider=provider)
        return

    def reject(entry: EntryLocation) -> None:
        out.nameless += 1
        out.reject(entry, UNREADABLE_ENTRY, key=entry.name, provider=provider)

    read = partial(_read_entry, task=task, provider=provider, seen=seen, out=out)
    out.fence.each(entries, read, reject)


def _entries(where: EntryLocation) -> list[EntryLocation] | str:
    """Return the mappings of one task, keyed by model or in an array; else why there are none."""
    try:
        if bytes(where.raw).startswith(b"{"):
            if mapping_keys_twice(where.raw):
                return "key_twice"
            named = msgspec.json.decode(where.raw, type=dict[str, Raw])
            return [
                EntryLocation(
                    where.payload_hash, f"{where.path}.{replace_unprintable(name)}", entry, name
                )
                for name, entry in named.items()
            ]
        return [
            EntryLocation(where.payload_hash, f"{where.path}[{position}]", entry)
            for position, entry in enumerate(msgspec.json.decode(where.raw, type=list[Raw]))
        ]
    except UNREADABLE:
        return "wrong_type"


def _read_entry(
    location: EntryLocation, *, task: str, provider: str, seen: set[str], out: Collector
) -> None:
    out.require_room()
    entry, unexpected = decode(location.raw, PartnerEntry)
    out.record_drift(
        UnexpectedField(f"mapping.{found.field}", found.kind, found.text) for found in unexpected
    )
    key = location.name if location.name is not None else (entry.hf_model if entry else None)
    problem = entry_problem(location.raw)
    if entry is None or problem:
        out.nameless += 1
        reason = problem or "entry:not_an_object"
        out.reject(location, reason, key=key, provider=provider)
        return
    if key is None and entry.type != TAG_FILTER:
        out.nameless += 1
        out.reject(location, "model_id:missing", field="model_id", provider=provider)
        return
    row = _row(entry, key, task, location, provider)
    if not row.model_id:
        out.nameless += 1
    else:
        spelling = row.model_id.lower()
        out.repeats += spelling in seen
        out.distinct += spelling not in seen
        seen.add(spelling)
    out.offerings.append(row)


def _row(
    entry: PartnerEntry, key: str | None, task: str, location: EntryLocation, provider: str
) -> OfferingRow:
    is_rule = entry.type == TAG_FILTER or (key or "").startswith(_RULE)
    return OfferingRow(
        feed=PARTNERS,
        payload_hash=location.payload_hash,
        json_path=location.path,
        model_id=None if is_rule else key,
        inference_provider=provider,
        task=task,
        provider_model_id=entry.provider_id,
        mapping_type=TAG_FILTER if is_rule else SINGLE_MODEL,
        status_text=shortened_status(entry.status) if entry.status is not None else None,
    )
