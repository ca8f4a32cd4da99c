"""Subnetworks and firewalls, and who reaches whom."""
