"""What this process counts of itself, for `/metrics`; what the tables know is not counted here."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry(auto_describe=True)

SIGNING = Histogram(
    "hososo_signing_seconds",
    "One signature, PIN and time-stamp included, made for this process.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)

HUNG_UP = Counter(
    "hososo_hung_up_requests",
    "Requests whose client was gone before all of it had come.",
    registry=REGISTRY,
)
