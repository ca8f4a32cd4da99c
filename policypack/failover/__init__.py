"""What the loss of each region means for each backend service, as data: the command and the reports show it."""
