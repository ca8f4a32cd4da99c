"""Resources, what they point at, and the path from a front end to its machines."""
