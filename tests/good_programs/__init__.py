"""Small whole programs in legitimate styles, none of which a mandatory rule may fail."""
