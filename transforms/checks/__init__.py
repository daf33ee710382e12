"""Checks as data, one module a family."""
