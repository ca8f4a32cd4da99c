"""Firewall rules and policies, and what they let through to machines."""
