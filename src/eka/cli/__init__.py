"""The `eka` command. The embedded database starts here."""
