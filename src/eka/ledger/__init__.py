"""The Django app that owns every table, and the only code that reads and writes a line's rows."""
