"""The form whose servers are instances of Cloud Run."""
