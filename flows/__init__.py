"""Prefect flows and their artifacts; the pipeline that they run is in `pipeline`."""

import os

# polars' allocator keeps freed pages for ten seconds, which is longer than an hour's run: a frame
# that was let go would still count at the peak. It reads this once, when polars is loaded.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:100,muzzy_decay_ms:0")
# As in cli/main.py: Arrow copies a buffer whose address does not fit, instead of a warning.
os.environ.setdefault("ACERO_ALIGNMENT_HANDLING", "reallocate")
