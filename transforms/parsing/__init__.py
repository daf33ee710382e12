"""From landed bytes to typed rows, one module a feed."""
