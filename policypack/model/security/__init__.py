"""Who may send requests: security policies, authentication, access."""
