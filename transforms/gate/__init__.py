"""Which new prices may be shown, and which are held."""
