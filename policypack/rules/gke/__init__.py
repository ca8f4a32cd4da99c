"""Rules about what GKE makes of Kubernetes objects."""
