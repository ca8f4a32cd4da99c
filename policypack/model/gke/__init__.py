"""What serves models on GKE, as far as Kubernetes objects of a stack show it: a controller makes the load balancer."""
