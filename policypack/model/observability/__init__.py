"""Alert policies and what they watch."""
