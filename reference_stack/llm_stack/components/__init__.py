"""What the stack stands on: APIs, accounts, keys, artifacts and the network."""
