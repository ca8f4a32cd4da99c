"""A hardened multi-region LLM backend behind a Google Cloud load balancer."""
