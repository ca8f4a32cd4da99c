"""Serving paths: what is on them, as data, and how they are drawn."""
