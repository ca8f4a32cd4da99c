"""Rules about groups of machines."""
