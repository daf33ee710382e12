"""The steps of a run, in the order of `pipeline/pipeline.py`."""
