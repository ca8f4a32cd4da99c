"""Where states are: buckets, folders, Pulumi Cloud."""
