"""Rules about the network: who can reach the machines, and what they can reach."""
