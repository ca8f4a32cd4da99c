"""What rules say of backends that GKE makes: a part of a rule a file, called like the rule, and what they share."""
