"""What `check` writes."""
