"""What `audit` writes."""
