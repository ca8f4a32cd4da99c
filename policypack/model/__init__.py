"""What a stack is, in rooms whose imports run one way."""
