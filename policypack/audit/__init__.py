"""Audits: every stack of an organisation, judged from its state."""
