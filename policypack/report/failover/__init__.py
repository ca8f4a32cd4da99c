"""What `failover` writes."""
