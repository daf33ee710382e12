"""Publications, which readers see: publish, open, query, export, prove."""
