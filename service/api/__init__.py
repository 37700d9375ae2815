"""The API, /api/v1: the contract of DESIGN.md §11. Each module has a `router`."""

from service.api import batches, documents, flags, tasks, token, types

API = "/api/v1"
ROUTERS = tuple(module.router for module in (token, types, documents, tasks, batches, flags))
