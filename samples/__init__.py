"""Recorded facts of the Hub, the router and two price lists, and a server that serves them."""
