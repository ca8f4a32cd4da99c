"""For authors of rules: their pages and new ones."""
