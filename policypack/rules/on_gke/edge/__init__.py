"""What rules say of the edge of backends on GKE: plain HTTP, TLS, Cloud Armor, who asks callers who they are."""
