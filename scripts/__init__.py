"""Programs that maintain the project itself."""
