"""Clarion beside the textbook, measured in turn on one machine. See docs/benchmarks.md."""
