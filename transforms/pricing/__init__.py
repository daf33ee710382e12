"""From price texts to claims: what one unit costs."""
