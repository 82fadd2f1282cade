"""What exists only while DEMO is on: the panel that sends, and the names to sign in with."""
