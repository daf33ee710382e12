"""The gate: which new prices pass, and which are held."""
