"""The sample: facts recorded from the Hub and the router, and a server that gives them out."""
