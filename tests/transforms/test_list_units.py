"""fal_pricing's units: the grammar of their names, and every recorded endpoint's figure.

The recording holds what the public pages of 565 endpoints state. Its facts are put into the shape
that fal documents for its interface: `{"endpoint_id", "unit_price", "unit", "currency"}`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.quotes import NATIVE_UNITS
from schemas.units import UNITS
from tests.support.price_claims import claim, claims, parsed
from tests.support.recorded_lists import PRICES
from transforms.parsing.billing_units import NAMES, UNSTATED, read_billing_unit
from transforms.parsing.fal_pricing import CEILING
from transforms.pricing.units import RULES
from transforms.task_groups import TASK_GROUPS

FEED = "fal_pricing"
RECORDING = PRICES / "fal_page_billing_2025-10-30.json"
needs_recording = pytest.mark.skipif(
    not RECORDING.is_file(), reason="the recordings are not beside the checkout"
)
REAL_UNITS = (
    *("seconds", "images", "megapixels", "compute seconds", "videos", "generations"),
    *("1000 characters", "1000 characters ", "video segments", "minutes", "steps", "units"),
    *("credits", "1m tokens", "1000 tokens", "5 seconds", "10 seconds", "30 seconds"),
    *("input seconds", "requests", "audios", "trainings", "cloned voices"),
    *("processed megapixels", "minute of video ", "1", ""),
)
"""Every unit that 827 public pages stated on 2025-10-30."""
