"""Files: the home, its lock, landed bytes, retention."""
