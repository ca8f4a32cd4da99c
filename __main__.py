"""The pack as the Pulumi CLI starts it."""

from policypack.pack import main

main()
