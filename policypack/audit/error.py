"""What ends an audit."""


class AuditError(Exception):
    """The audit cannot go on, or cannot read a target: the message says what is wrong and how to fix it."""


class OldFormatError(AuditError):
    """A journal is of an older format than this release's."""


class TargetError(AuditError):
    """A target cannot be opened or listed; the others can be audited."""


class UnreadableState(Exception):  # noqa: N818
    """The state of one stack cannot be read, which the audit reports: the message is a clause that says why."""


class DamagedContent(UnreadableState):
    """The content of a state is damaged: what to do depends on where it comes from."""


class AuditInterrupted(Exception):  # noqa: N818
    """Somebody interrupted the audit; the message says how it goes on."""
