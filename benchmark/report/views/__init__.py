"""Views: ways to look at a comparison, one class a file; `registry.py` is the table of them."""
