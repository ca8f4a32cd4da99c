"""What marks values on the wire, and names that the SDK uses. By the same rules as `runner.py`, beside it.

https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/runtime/rpc.py
"""

from __future__ import annotations

# The key of an object that stands for another value, and what it has there: which kind of value.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

STACK_REFERENCE = "pulumi:pulumi:StackReference"
