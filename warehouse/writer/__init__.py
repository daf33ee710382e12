"""What writes the warehouse: load, state, compaction, checkpoints."""
