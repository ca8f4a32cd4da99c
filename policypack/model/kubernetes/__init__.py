"""Kubernetes objects of a stack: what they are called, which cluster they are in, what their annotations say."""
