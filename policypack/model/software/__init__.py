"""What runs on machines: servers, startup scripts and their credentials."""
