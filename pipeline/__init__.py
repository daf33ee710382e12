"""The hour in plain Python: no Prefect, no command line."""
