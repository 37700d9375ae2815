"""The pages, one module a place; each has a `router`, gathered in `service/routes.py`."""
