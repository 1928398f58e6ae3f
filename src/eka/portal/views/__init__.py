"""One module a page: parse, one call, render."""
