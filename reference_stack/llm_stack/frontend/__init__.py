"""What clients reach, on either kind of load balancer."""
