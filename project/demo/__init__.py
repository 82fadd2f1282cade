"""What exists only while DEMO is on: the panel that sends, and a rule on a signal."""
