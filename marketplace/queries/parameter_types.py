"""The types of parameters that several queries take, with their limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from marketplace.queries.known_values import one_of, search_text
from schemas.compliance import TAGS

MAX_ITEMS = 200
MAX_VALUES = 30
LAST_CHANGE_ID = 2**62

ShortText = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
]
ModelId = Annotated[
    str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")
]
OfferId = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{16}$", to_lower=True)]
"""In any case; offers have it in lower case."""
Amount = Annotated[
    Decimal,
    Field(ge=0, lt=1_000_000, max_digits=18, decimal_places=12),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,6}(\.[0-9]{1,12})?$"}),
]
Share = Annotated[
    Decimal,
    Field(ge=0, le=1, max_digits=5, decimal_places=4),
    WithJsonSchema({"type": "string", "pattern": r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$"}),
]
Tag = Annotated[str, AfterValidator(one_of(TAGS)), WithJsonSchema({"enum": list(TAGS)})]
SearchText = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$"),
    AfterValidator(search_text),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 200,
            "pattern": r"^([^\x00-\x1f]*[A-Za-z0-9][^\x00-\x1f]*)?$",
        }
    ),
]
"""Empty, as a form sends it, searches for nothing and excludes nothing."""
ShortTexts = Annotated[list[ShortText], Field(max_length=MAX_VALUES)]
