"""Options of the rules: what they are, their schema, and the files that set them."""
