"""Where a stack comes from."""
