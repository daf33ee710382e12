"""Which offer a row belongs to."""
