"""Rules about the network: who can reach the VMs, and what they can reach."""
