"""Google's load balancers: what each takes, as tables."""
