"""The page about secrets says what the code does."""

from __future__ import annotations

from pathlib import Path

from providers.secrets import FIELDS
from providers.secrets.errors import FAILURES
from tests.support.documents import first_column, section

PAGE = (Path(__file__).parents[3] / "docs" / "secrets.md").read_text("utf-8")


def test_every_code_is_explained_and_no_other():
    assert set(first_column(section(PAGE, "## Errors"))) == set(FAILURES)


def test_every_field_is_named_in_its_order():
    assert ", ".join(f"`{field}`" for field in FIELDS) in PAGE
