"""Pictures of what the rules say: pure functions from values to SVG text."""
