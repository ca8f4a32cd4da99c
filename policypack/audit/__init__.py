"""Audits: every stack of an organization, judged from its state."""
