"""What routes of the API share: the responses that their documents name, and their parameters."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError

PROBLEM = "application/problem+json"
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing changed since that ETag"}
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors of a route for /openapi.json."""
    descriptions = {
        404: "Not in the newest publication",
        410: "The cursor's publication is no longer kept; `restart` is the first page",
        422: "A parameter is unknown or has a wrong value",
        503: "Nothing is published yet, or the query took too long",
    }
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        s: {"description": descriptions[s], "content": {PROBLEM: shape}} for s in (*statuses, 503)
    }


async def refuse_parameters(request: Request) -> None:
    """Refuse every parameter of a route that has none: a filter there would have no effect.

    Routes with parameters refuse unknown ones by the model of their query.
    """
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if dependant is None or dependant.query_params:
        return
    names = dict.fromkeys(request.query_params)
    if names:
        raise RequestValidationError(
            [
                {
                    "type": "extra_forbidden",
                    "loc": ("query", name),
                    "msg": "not permitted",
                    "input": None,
                }
                for name in names
            ]
        )


KNOWN_PARAMETERS = [Depends(refuse_parameters)]
