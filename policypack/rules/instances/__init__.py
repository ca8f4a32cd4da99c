"""Rules about the machines that serve."""
