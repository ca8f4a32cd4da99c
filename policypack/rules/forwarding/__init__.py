"""What `forwarding-rule-scheme` demands, a file for each thing that it judges."""
