"""Which alerts a run opens and closes."""
