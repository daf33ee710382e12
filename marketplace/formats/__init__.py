"""Prices in the formats that other tools load: pure functions from routes to text.

`table.py` lists the formats. `routes.py` reads what all of them are made from; each other module
writes one format.
"""
