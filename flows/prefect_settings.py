"""How Prefect is called and set: names, addresses, the environments of its server and of our worker.

No Prefect and no database here, so that the supervisor and the web may read it. Why each setting:
docs/decisions/0004-prefect.md.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from models.settings import Settings

POOL, DEPLOYMENT, WORKER_TYPE = "hososo", "school", "hososo"


def entrypoint(slug: str) -> str:
    """Where Prefect finds a type's flow, as in prefect.yaml."""
    return f"flows/engine.py:{slug.replace('-', '_')}"


def dashboard(settings: Settings) -> str:
    """Prefect's own pages; they open on this machine or through a tunnel, with the embedded server's user."""
    return f"{settings.prefect_url.removesuffix('/api')}/runs"


def page_of(settings: Settings, run_id: str) -> str:
    """Address of a run in Prefect's own pages: works on the server itself or through a tunnel to it."""
    return f"{settings.prefect_url.removesuffix('/api')}/runs/flow-run/{run_id}"


_COMMON = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
}
_SERVICES_OFF = (
    "PAUSE_EXPIRATIONS",  # loads every paused run every 5 seconds
    "TRIGGERS",
    "EVENT_PERSISTER",
    "SCHEDULER",
    "LATE_RUNS",
    "FOREMAN",
    "CANCELLATION_CLEANUP",
    "REPOSSESSOR",
    "CLEANUP_RECONCILER",
)


def address(settings: Settings) -> tuple[str, int]:
    """Host and port of the embedded server."""
    at = urlsplit(settings.prefect_url)
    return at.hostname or "127.0.0.1", at.port or 80


def server_environment(settings: Settings) -> dict[str, str]:
    """Environment of the embedded Prefect server (docs/decisions/0004-prefect.md says why each)."""
    host, port = address(settings)
    return _COMMON | {
        "PREFECT_HOME": str((settings.data / "prefect").resolve()),
        "PREFECT_SERVER_API_HOST": host,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_API_AUTH_STRING": settings.prefect_auth,
        "PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        # Together these keep it from importing every collection, our worker among them, to list their blocks.
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        "PREFECT_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
        # Prefect's own clearing-up, each hour: runs that ended so long ago, never one that is parked.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(settings.prefect_keep_days * 86_400),
        **{f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _SERVICES_OFF},
    }


def worker_environment(settings: Settings) -> dict[str, str]:
    """Environment of a worker. A Prefect server elsewhere brings its own PREFECT_API_AUTH_STRING."""
    auth = (
        os.environ.get("PREFECT_API_AUTH_STRING", "") if settings.prefect_api_url else settings.prefect_auth
    )
    return _COMMON | {
        "PREFECT_HOME": str((settings.data / "prefect").resolve()),
        "PREFECT_API_URL": settings.prefect_url,
        "PREFECT_API_AUTH_STRING": auth,
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_CLIENT_MAX_RETRIES": "2",
        "PREFECT_WORKER_QUERY_SECONDS": "5",
    }
