"""What the operators see, and what wakes them."""
