"""Rules about staying up: regions, health, ports and bounded load."""
