"""What rules say of backends that GKE makes: a demand a file, and what they share."""
