"""The parts of the stack, one component a file."""
