"""A stack as the Pulumi engine shows it to the pack: `Analyze` for inputs, `AnalyzeStack` for outputs and edges."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace

from pulumi_policy import PolicyResource, ResourceValidationArgs, StackValidationArgs
from pulumi_policy.proxy import UnknownValueError

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.read import read_object
from policypack.model.values.values import Value
from policypack.sources.sdk import as_sent


class Memory:
    """What one operation has shown so far. The policies of one pack share it, across the SDK's threads.

    Attributes:
        lock: to hold while reading a stack that `remember` returned, as further resources may be added to it.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._shown = Stack(is_complete=False, spelling="pulumi")
        self._shown_to: dict[str, set[str]] = {}
        self._stack = Stack()
        self._stack_given_to: set[str] = set()
        self._reported: dict[tuple[str, str], str] = {}

    def remember(self, policy: str, args: ResourceValidationArgs) -> tuple[Resource, Stack]:
        """Keeps the inputs of one resource.

        Each policy is called with the same resource, and a disabled one never is: the first to come reads it, and one
        that comes a second time has been shown something new.

        Args:
            policy: the name of the policy that was called.
            args: what the SDK called it with.

        Returns:
            The resource, and a stack of all resources shown so far, which is not complete.
        """
        with self.lock:
            seen_by = self._shown_to.get(args.urn)
            if seen_by is None or policy in seen_by:
                self._shown_to[args.urn] = seen_by = set()
                self._shown.add(_resource_from_inputs(args))
                self._shown.tags = dict(args.stack_tags)
                self._stack_given_to.clear()
            seen_by.add(policy)
            resource = self._shown.by_urn(args.urn)
            assert resource is not None
            return resource, self._shown

    def look_at(self, args: ResourceValidationArgs) -> tuple[Resource, Stack]:
        """The same for inputs that may still be changed, before any policy is called with those that count."""
        with self.lock:
            self._shown_to.pop(args.urn, None)
            self._shown.add(_resource_from_inputs(args))
            self._shown.tags = dict(args.stack_tags)
            resource = self._shown.by_urn(args.urn)
            assert resource is not None
            return resource, self._shown

    def stack(self, policy: str, args: StackValidationArgs) -> Stack:
        """The whole stack: outputs and edges joined with the inputs remembered.

        It is made once for all policies: one that comes a second time is shown something new.

        Args:
            policy: the name of the policy that was called.
            args: what the SDK called it with.
        """
        with self.lock:
            if not self._stack_given_to or policy in self._stack_given_to:
                self._stack_given_to.clear()
                resources = [self._joined(resource) for resource in args.resources]
                self._stack = Stack(resources, tags=dict(args.stack_tags), spelling="pulumi")
            self._stack_given_to.add(policy)
            return self._stack

    def mark_reported(self, policy: str, urn: str, before: str) -> bool:
        """Notes that a violation is reported before a resource is created.

        Args:
            policy: the name of the policy.
            urn: the resource that violates it.
            before: the resource that is about to be created: that one, or one that uses it.

        Returns:
            Whether it is to be reported: what several resources use is reported before the first of them.
        """
        with self.lock:
            return self._reported.setdefault((policy, urn), before) == before

    def was_reported(self, policy: str, urn: str) -> bool:
        """Whether a violation was reported before the resource, or one that uses it, was created."""
        with self.lock:
            return (policy, urn) in self._reported

    def _joined(self, shown: PolicyResource) -> Resource:
        remembered = self._shown.by_urn(shown.urn)
        resource = _resource_from_outputs(shown)
        return resource if remembered is None else replace(resource, inputs=remembered.inputs)


def _resource_from_inputs(args: ResourceValidationArgs) -> Resource:
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        inputs=_read(args.props),
        parent=args.opts.parent,
        provider=_read(args.provider.props) if args.provider else {},
        provider_urn=args.provider.urn if args.provider else "",
        ignore_changes=tuple(args.opts.ignore_changes),
    )


def _resource_from_outputs(shown: PolicyResource) -> Resource:
    """A resource as `AnalyzeStack` shows it: of one that is read or imported, `Analyze` shows no inputs."""
    return Resource(
        urn=shown.urn,
        type=shown.resource_type,
        name=shown.name,
        outputs=_read(shown.props),
        edges={key: tuple(source.urn for source in found) for key, found in shown.property_dependencies.items()},
        parent=shown.parent.urn if shown.parent else None,
        provider=_read(shown.provider.props) if shown.provider else {},
        provider_urn=shown.provider.urn if shown.provider else "",
        ignore_changes=tuple(shown.opts.ignore_changes),
    )


def _read(properties: Mapping[str, object]) -> dict[str, Value]:
    sent = as_sent(properties)
    return read_object(properties, (UnknownValueError,)) if sent is None else read_object(sent)
