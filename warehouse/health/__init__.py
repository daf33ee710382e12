"""What `pricehouse doctor` checks of a home."""
