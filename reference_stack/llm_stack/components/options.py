"""How children are tied to their component."""

from __future__ import annotations

import pulumi


def child_of(component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Children wait for what their component was told to wait for: Pulumi does not pass `depends_on` down."""
    return pulumi.ResourceOptions(parent=component, depends_on=opts.depends_on if opts else None)
