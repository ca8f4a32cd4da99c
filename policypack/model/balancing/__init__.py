"""Backend services: load balancers, backends, groups and health checks."""
