"""What requests come in through: forwarding rules, proxies, URL maps, security policies."""
