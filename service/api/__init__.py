"""The API, /api/v1: the contract of DESIGN.md §11. Each module has a `router`, gathered in `service/routes.py`."""
