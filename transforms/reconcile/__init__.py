"""The stored rows and this run's answers: everything that changes."""
