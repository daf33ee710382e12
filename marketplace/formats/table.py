"""The formats: which files each has, what it reads, and who writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from marketplace.formats import (
    genai_prices,
    langfuse,
    litellm,
    llm_prices,
    models_dev,
    openrouter,
)
from marketplace.formats.encoding import Origin
from marketplace.formats.routes import Reach, Route, RouteQuery, read_routes
from warehouse.publication.reader_pool import Reading

JSON = "application/json"
Write = Callable[[Iterable[Route], Origin], Iterator[bytes]]


class ToolFile(NamedTuple):
    """One file of a format."""

    name: str
    reach: Reach
    write: Write
    media_type: str = JSON
    by_provider: bool = False


FORMATS: dict[str, tuple[ToolFile, ...]] = {
    "genai-prices": (
        ToolFile("genai-prices.json", Reach.DATED, genai_prices.write, by_provider=True),
    ),
    "litellm": (
        ToolFile("litellm.json", Reach.NOW, litellm.write),
        ToolFile("litellm-config.yaml", Reach.NOW, litellm.write_config, "application/yaml"),
    ),
    "openrouter": (ToolFile("openrouter.json", Reach.NOW, openrouter.write),),
    "langfuse": (ToolFile("langfuse.ndjson", Reach.DATED, langfuse.write, "application/x-ndjson"),),
    "llm-prices": (
        ToolFile("llm-prices.json", Reach.PAST, llm_prices.write),
        ToolFile("llm-prices-current.json", Reach.NOW, llm_prices.write_current),
    ),
    "models-dev": (ToolFile("models-dev.json", Reach.NOW, models_dev.write),),
}
"""Name of a format → its files."""
FILES = {file.name: file for files in FORMATS.values() for file in files}
"""Name of a file → the file."""


def write_file(
    reading: Reading,
    file: ToolFile,
    path: Path,
    *,
    region: str | None = None,
    root_path: str = "",
) -> None:
    """Write one file, of all routes or of those that provably run in a region.

    The file has its name only once it is whole. Links in it begin with `root_path`.
    """
    routes = read_routes(
        reading, file.reach, RouteQuery(region=region), by_provider=file.by_provider
    )
    temporary = path.with_name(f".{path.name}.partial")
    with temporary.open("wb") as out:
        out.writelines(file.write(routes, Origin.of(reading.publication, root_path)))
    temporary.replace(path)
