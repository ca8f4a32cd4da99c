"""What runs on machines: servers, start-up scripts and their credentials."""
