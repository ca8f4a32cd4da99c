"""The form whose servers are groups of virtual machines."""
