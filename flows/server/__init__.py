"""What `pricehouse up` starts and keeps running."""
