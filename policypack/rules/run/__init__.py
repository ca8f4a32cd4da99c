"""Rules about Cloud Run, and other backends that no health check covers."""
