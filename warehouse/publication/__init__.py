"""What readers see: publish, open, query, export, prove."""
