"""Policies for LLM backends behind Google Cloud load balancers."""
