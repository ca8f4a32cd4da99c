"""What `trend` writes."""
