"""Rules about the VMs that serve."""
