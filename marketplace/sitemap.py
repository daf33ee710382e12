"""The sitemap: every page for search engines, in one file or in several with an index."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

from marketplace.queries.providers import providers_of
from marketplace.statements import statement
from marketplace.unanswered import NotInPublication
from warehouse.publication.reader_pool import Reading

_PAGES = ("", "calculator", "changes", "status", "api")
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_START = '<?xml version="1.0" encoding="utf-8"?>\n<{0} xmlns="' + _NAMESPACE + '">\n'
_LINES = 1000  # addresses of one part of the body


class SitemapEntry(NamedTuple):
    """A page: its path after the root, and when it changed last, if that is known."""

    path: str
    changed_at: datetime | None = None


def number_of_files(reading: Reading, most: int) -> int:
    """Return how many files of at most `most` addresses all pages need."""
    models = int(
        reading.keep("catalogue", lambda: reading.rows(statement("select_catalogue_size"))[0]["n"])
    )
    return math.ceil((len(_fixed(reading)) + models) / most)


def find_entries(reading: Reading, number: int, most: int) -> list[SitemapEntry]:
    """Return the pages of a file, of which the first has number 1.

    NotInPublication for a number that there is none of.
    """
    if not 1 <= number <= number_of_files(reading, most):
        raise NotInPublication(f"the sitemap has no file {number}")
    fixed, skip = _fixed(reading), (number - 1) * most
    first = fixed[skip : skip + most]
    values = {"skip": max(skip - len(fixed), 0), "count": most - len(first)}
    rows = reading.rows(statement("select_sitemap_models"), values)
    return first + [
        SitemapEntry(f"models/{quote(row['model_id'])}", row["changed_at"]) for row in rows
    ]


def write_entries(entries: list[SitemapEntry], root: str) -> Iterator[bytes]:
    """Yield a file in parts; `root` is the address of the first page, with a slash at its end."""
    yield _START.format("urlset").encode()
    lines = iter(entries)
    while part := list(islice(lines, _LINES)):
        yield "".join(_url(entry, root) for entry in part).encode()
    yield b"</urlset>\n"


def write_index(files: int, root: str) -> Iterator[bytes]:
    """Yield the index of the files."""
    yield _START.format("sitemapindex").encode()
    for number in range(1, files + 1):
        yield f"<sitemap><loc>{escape(root)}sitemap-{number}.xml</loc></sitemap>\n".encode()
    yield b"</sitemapindex>\n"


def _fixed(reading: Reading) -> list[SitemapEntry]:
    names = sorted(providers_of(reading))
    return [
        *(SitemapEntry(page) for page in _PAGES),
        *(SitemapEntry(f"providers/{quote(name, safe='')}") for name in names),
    ]


def _url(entry: SitemapEntry, root: str) -> str:
    changed = f"<lastmod>{entry.changed_at.isoformat()}</lastmod>" if entry.changed_at else ""
    return f"<url><loc>{escape(root + entry.path)}</loc>{changed}</url>\n"
