"""What a reader may ask of a publication, and the rows that answer it."""
