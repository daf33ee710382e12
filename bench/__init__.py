"""What an hour costs, measured against a bare script and dlt in the same run."""
