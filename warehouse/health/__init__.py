"""The checks of a home that `pricehouse doctor` runs."""
