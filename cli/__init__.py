"""The command line: one file a command; click and rich live only here."""
