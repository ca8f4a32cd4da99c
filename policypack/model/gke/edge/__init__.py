"""The edge of what GKE makes: how Gateways and Ingresses listen, what shapes that, who asks callers who they are."""
