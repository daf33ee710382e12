"""The OpenAPI document: the routes with an example each, from the built-in sample."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from marketplace.api import models

_EXAMPLES = Path(__file__).with_name("examples.json")
_JSON = "application/json"


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application's routes."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        routes=app.routes,
        description="Amounts are decimals as plain text, per one of the unit in the field's name;"
        " `display` beside them is for people, like `$0.42 per 1M input tokens`. Times are UTC;"
        " null is unknown. Every response names its publication and origin, and all its facts are"
        " of that publication. Ids are found in any case. HEAD returns what GET does, without the"
        " body. /v1/status has the licence and attribution.",
    )
    schemas = document["components"]["schemas"]
    schemas["Problem"] = models.Problem.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)  # errors are problem details
    for key, example in read_examples().items():
        method, path = key.split()
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation:
            _add_example(operation, example)
    return document


@cache
def read_examples() -> dict[str, dict[str, Any]]:
    """Return `GET /path` → the request and the response of an example."""
    found: dict[str, dict[str, Any]] = json.loads(_EXAMPLES.read_text("utf-8"))
    return found


def _add_example(operation: dict[str, Any], example: dict[str, Any]) -> None:
    answers = operation["responses"]["200"]["content"]
    kind = example.get("content_type", _JSON)
    answers.setdefault(kind, {})["example"] = example["response"]
    if "requestBody" in operation:
        operation["requestBody"]["content"][_JSON]["example"] = example["request"]
