"""Rules about what the load balancer API refuses, ignores or answers by dropping traffic."""
