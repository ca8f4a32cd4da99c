"""What goes wrong with a source."""


class SourceError(Exception):
    """A stack cannot be read: the message says what is wrong, where, and how to fix it."""
