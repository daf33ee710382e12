"""The sample multiplied to any size, for benchmarks and tests only: not a recording.

`python -m samples.scale --models 50000 --port 8400` serves it. Every model of step 2 is repeated
under numbered authors (`org-copy0001/name`), which no real author has; its facts stay as they are,
so the proportions (1.73 mapping entries a model, LoRA rows, priced ones) are those of the sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

from samples.catalog import Catalog, SampleModel, load
from samples.hub import arguments, run

MODELS = 50_000


def scaled(models: int = MODELS) -> Catalog:
    """Build a catalog of `models` Hub models, and router models in proportion; without dates."""
    sample = load(2)
    routed = round(models * len(sample.router) / len(sample.hub))
    return Catalog(
        islice(_copies(sample.hub), models), router=islice(_copies(sample.router), routed)
    )


def _copies(entries: list[SampleModel]) -> Iterator[SampleModel]:
    for number in count(1):
        for entry in entries:
            yield entry.renamed(f"-copy{number:04}")


def main() -> None:
    """Serve the multiplied sample."""
    parser = arguments("python -m samples.scale", "Serve the sample multiplied, for benchmarks.")
    parser.add_argument("--models", type=int, default=MODELS)
    given = parser.parse_args()
    title = f"{given.models} multiplied models"
    run(
        scaled(given.models),
        port=given.port,
        requests=given.requests,
        title=title,
        etags=given.etags,
    )


if __name__ == "__main__":
    main()
