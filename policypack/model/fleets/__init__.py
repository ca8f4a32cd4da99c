"""Managed instance groups: their sizes, zones and capacity."""
