"""`hososo web`: the web application on its address, until told to end."""

from __future__ import annotations

import ipaddress

import uvicorn
from fastapi import FastAPI

from models.errors import RecordsError
from models.settings import Settings
from models.text import Text
from service.app import create_app
from service.calm_server import CalmServer


class NotLoopback(RecordsError):
    """The demo school, whose passwords everyone knows, would be open to the network."""

    code = "not-loopback"


def refuse_open_demo(settings: Settings) -> None:
    """Raise NotLoopback for a demo that listens beyond this machine."""
    if settings.demo and settings.host != "localhost" and not ipaddress.ip_address(settings.host).is_loopback:
        raise NotLoopback(_OPEN.format(host=settings.host))


def serve(settings: Settings) -> None:
    """Answer requests; those under way may finish when the process is told to end."""
    refuse_open_demo(settings)
    CalmServer(configured(settings, create_app(settings))).run()


def configured(settings: Settings, app: FastAPI) -> uvicorn.Config:
    """How the application is served. Behind TLS the proxy says who asks; without one nobody is believed.

    A proxy on another machine than this is named by FORWARDED_ALLOW_IPS (uvicorn's), else only a local one
    is believed.
    """
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
        proxy_headers=settings.secure_cookies,
    )


_OPEN = Text(
    "Trường mẫu có mật khẩu ai cũng biết nên chỉ mở trên chính máy này, không mở ở {host}. "
    "Bỏ HOSOSO_HOST, hoặc bỏ HOSOSO_DEMO để dùng cho trường thật.",
    "The demo school has passwords everyone knows, so it opens on this machine only, not at {host}. "
    "Leave out HOSOSO_HOST, or leave out HOSOSO_DEMO for a real school.",
)
