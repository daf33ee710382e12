"""What operators watch: the metrics of a home and of the marketplace, and spans of a run."""
