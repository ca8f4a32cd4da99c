"""Parts of rules about what the API accepts of one resource and those beside it."""
