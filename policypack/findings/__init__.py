"""What is done with findings wherever they are listed."""
