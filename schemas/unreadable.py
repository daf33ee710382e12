"""What msgspec raises for bytes that are no JSON of the expected shape, or are nested too deep."""

from __future__ import annotations

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
