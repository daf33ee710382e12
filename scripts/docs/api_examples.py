"""Write marketplace/api/examples.json, the examples of /openapi.json: python -m
scripts.docs.api_examples.

Each is what the API returns from the built-in sample, with lists and tables cut short. Run ids,
times of the run and addresses are replaced, because they differ each time; a test compares.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.testclient import TestClient

from marketplace.app import create_app
from tests.support.sample_home import ingest_sample
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

FILE = Path(__file__).parents[2] / "marketplace" / "api" / "examples.json"
BASE = "http://127.0.0.1:8400"
MODEL, PROVIDER = "openai/gpt-oss-120b", "cerebras"
_USAGE = {
    "model": MODEL,
    "provider": PROVIDER,
    "timestamp": "2026-09-21T00:30:00Z",
    "input_tokens": 12_000,
    "output_tokens": 800,
}
_RUN = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{6}")
_UUID = re.compile(r"urn:uuid:[0-9a-f-]{36}")
_UPDATED = re.compile(r"<updated>[^<]*")
_DIGEST = re.compile(r"\b[0-9a-f]{64}(?=  )")
_LOCAL = re.compile(r"http://127\.0\.0\.1:\d+")
_TIME = "2026-09-21T01:05:00Z"
_OF_THE_RUN = {
    **dict.fromkeys(("now", "published_at", "recorded_at", "found_at"), _TIME),
    **dict.fromkeys(("started_at", "finished_at", "last_attempt_at", "last_success_at"), _TIME),
    "age_s": 300.0,
}
_MOST_ITEMS, _MOST_MEMBERS, _MOST_LINES = 2, 30, 6
Example = dict[str, Any]


def examples(home: Path) -> dict[str, Example]:
    """Return `GET /path/{parameter}` → the request and the response of an example."""
    app = create_app(PublicationPool(Home(home)))
    with TestClient(app, base_url=BASE) as client:
        paths = client.get("/openapi.json").json()["paths"]
        offer_id = _offer_id(client)
        found = {}
        for path, item in paths.items():
            if "get" in item:
                found[f"GET {path}"] = _example(client, _request(path, offer_id))
        answer = client.post("/v1/cost", json=[_USAGE])
        found["POST /v1/cost"] = {"request": [_USAGE], "response": _shortened(answer.json())}
    return found


def examples_text(home: Path) -> str:
    """Return the text of the file."""
    return json.dumps(examples(home), indent=1, ensure_ascii=False) + "\n"


def _offer_id(client: TestClient) -> str:
    query = {"model_id": MODEL, "inference_provider": PROVIDER}
    return str(client.get("/v1/offers", params=query).json()["items"][0]["offer_id"])


def _request(path: str, offer_id: str) -> str:
    queries = {
        "/v1/offers": "?task=text&region=eu&limit=1",
        "/v1/models": "?q=gpt-oss&sort=downloads&limit=1",
        "/v1/changes": "?event=held&limit=1",
        "/v1/changes.atom": "?event=held&limit=1",
        "/v1/estimate": "?input_tokens=30000000&output_tokens=10000000&q=gpt-oss-120b&limit=1",
        "/v1/recommend": "?model_id=openai/gpt-oss-120b&input_tokens=20000000&limit=1"
        "&left_out_limit=1",
        "/api/v1/models": "?limit=1",
    }
    author, slug = MODEL.split("/")
    filled = path.format(
        offer_id=offer_id,
        model_id=MODEL,
        name="ovhcloud",
        relation="offers",
        kind="csv",
        author=author,
        slug=slug,
    )
    return filled + queries.get(path, "")


def _example(client: TestClient, request: str) -> Example:
    answer = client.get(request)
    answer.raise_for_status()
    kind = answer.headers["content-type"].partition(";")[0]
    body = _shortened(answer.json()) if kind == "application/json" else _cut(answer.text)
    return {"request": request, "content_type": kind, "response": body}


def _shortened(value: Any, key: str = "") -> Any:
    """Return a value with at most some items of each list and table, and nothing of the run."""
    if key in _OF_THE_RUN and value is not None:
        return _OF_THE_RUN[key]
    if key == "next" and isinstance(value, str) and not value.startswith("/"):
        return _without_run(value)
    if isinstance(value, list):
        return [_shortened(each) for each in value[:_MOST_ITEMS]]
    if isinstance(value, dict):
        is_table = len(value) > _MOST_MEMBERS and all(isinstance(v, dict) for v in value.values())
        members = list(value.items())[: _MOST_ITEMS if is_table else None]
        return {name: _shortened(each, name) for name, each in members}
    return _replaced(value) if isinstance(value, str) else value


def _without_run(cursor: str) -> str:
    """Return a cursor that names no run of today."""
    text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    return urlsafe_b64encode(_replaced(text).encode()).decode().rstrip("=")


def _cut(text: str) -> str:
    return _replaced("".join(text.splitlines(keepends=True)[:_MOST_LINES]))


def _replaced(text: str) -> str:
    text = _LOCAL.sub(BASE, _RUN.sub("20260921T010500000000Z-5a3f1e", text))
    text = _DIGEST.sub("5a3f1e" + "0" * 58, text)
    text = _UUID.sub("urn:uuid:00000000-0000-5000-8000-000000000000", text)
    return _UPDATED.sub(f"<updated>{_TIME}", text)


def main() -> None:
    """Write the file."""
    with TemporaryDirectory() as folder:
        ingest_sample(Path(folder) / "home")
        FILE.write_text(examples_text(Path(folder) / "home"), "utf-8")


if __name__ == "__main__":
    main()
