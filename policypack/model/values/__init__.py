"""Values as the rules see them, known or not."""
