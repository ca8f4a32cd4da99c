"""Where a stack comes from: the engine's requests, a program run without the CLI, an exported state."""
