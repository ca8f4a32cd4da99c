"""Rules about health checks."""
