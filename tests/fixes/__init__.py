"""What the fix of each message says, done to a program that gets the message."""
