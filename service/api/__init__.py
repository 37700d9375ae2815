"""The API, /api/v1: the contract of DESIGN.md §11. Each module's `router` stands in `service/routes.py`."""
