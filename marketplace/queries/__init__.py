"""The queries that clients may send, and the functions that read their rows."""
