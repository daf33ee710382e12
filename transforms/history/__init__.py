"""Rows of the append-only logs, events and gaps."""
