"""What all response models share: their base classes and the types of their fields."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Money = Annotated[
    str, Field(pattern=r"^-?\d+(\.\d+)?$", description="Decimal as plain text, no exponent.")
]
Region = Annotated[str, Field(description="`eu`, `eea`, `us`, two letters, `multi`, `unverified`.")]
DisplayText = Annotated[
    str | None,
    Field(
        description="The amount as text for people, like `$0.42 per 1M input tokens`, rounded as on"
        " pages; null where it is not known."
    ),
]
DisplayTexts = Annotated[
    dict[str, str],
    Field(description="The field of each amount that is known, and the amount as text for people."),
]


class ApiModel(BaseModel):
    """An object of a response; null is unknown, never zero."""

    model_config = ConfigDict(extra="forbid")


class PublicationResponse(ApiModel):
    """A response from one publication, which it names; all its facts are of that publication."""

    publication: str
    origin: Literal["live", "sample"]
