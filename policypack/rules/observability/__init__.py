"""Rules about who learns of trouble, and when."""
