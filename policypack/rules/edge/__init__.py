"""Rules about what reaches a backend service from outside, and how."""
