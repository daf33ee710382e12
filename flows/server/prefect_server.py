"""Run Prefect's server on SQLite so that its writers wait for each other.

    python -m flows.server.prefect_server server start

Prefect begins a transaction in which it reads and then writes with BEGIN DEFERRED. When another
connection commits in between, SQLite refuses the write at once (SQLITE_BUSY_SNAPSHOT): no timeout
applies, and the server logs `database is locked` with a traceback. BEGIN IMMEDIATE takes the write
lock first, for which SQLite waits as long as Prefect's busy timeout, a minute. No setting of
Prefect chooses it. PostgreSQL has no such statement and is not changed.
"""

from __future__ import annotations

import runpy
from typing import Any

from sqlalchemy import Engine, event

_DEFERRED, _IMMEDIATE = "BEGIN DEFERRED", "BEGIN IMMEDIATE"


# Six parameters: SQLAlchemy passes them all.
@event.listens_for(Engine, "before_cursor_execute", retval=True)
def take_the_write_lock_first(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any
) -> tuple[str, Any]:
    """Return the statement to execute instead, and its parameters."""
    return (_IMMEDIATE if statement == _DEFERRED else statement), parameters


if __name__ == "__main__":
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
