"""Rules that keep long answers flowing."""
