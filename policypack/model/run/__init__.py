"""Cloud Run behind a load balancer, and the endpoints of NEGs that no health check covers."""
