"""LibreOffice, where it is installed: a .docx becomes the PDF its author would print.

Started for one file and ended with it, with a profile of its own in the child's folder: no macros, no links
followed, no proxy to go out by. It runs inside a converter's confinement (`tasks/pools.py`), which cuts the
network and the files whatever the file makes it do.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

from models import room
from models.errors import Invalid, NoRoom, TooLarge
from models.text import Text
from tasks import fonts

OFF = "off"
_RESTART = 81
"""Its exit code when it has made its profile and wants to be started again."""
_PLACES = (
    "/usr/lib/libreoffice/program",
    "/usr/lib64/libreoffice/program",
    "/Applications/LibreOffice.app/Contents/MacOS",
)
_SETTINGS = {
    ("/org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks"): "true",
    ("/org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution"): "true",
    ("/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel"): "3",
    ("/org.openoffice.Office.Writer/Content/Update", "Link"): "0",
    ("/org.openoffice.Inet/Settings", "ooInetProxyType"): "2",
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyName"): "127.0.0.1",
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyPort"): "9",
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyName"): "127.0.0.1",
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort"): "9",
}


def find(wanted: str = "") -> str:
    """The program, or "" where there is none. `wanted` is the setting: a path, "off", or empty to look."""
    if wanted == OFF:
        return ""
    if wanted:
        return wanted if os.access(wanted, os.X_OK) else ""
    started = shutil.which("soffice") or shutil.which("libreoffice")
    folders = [*([Path(started).resolve().parent] if started else []), *map(Path, _PLACES)]
    folders += sorted(Path("/opt").glob("libreoffice*/program"), reverse=True)
    for folder in folders:
        for name in ("soffice.bin", "soffice"):
            if os.access(folder / name, os.X_OK) and not (folder / name).is_dir():
                return str(folder / name)
    return ""


def to_pdf(program: str, document: bytes, seconds: float) -> bytes:
    """The pages of a .docx. TooLarge when it takes longer, Invalid when it cannot be read."""
    with tempfile.TemporaryDirectory(prefix="word-") as name:
        folder = Path(name)
        (folder / "in.docx").write_bytes(document)
        (folder / "fonts.conf").write_text(_FONTS.format(ours=fonts.FOLDER, cache=folder / "fonts"), "utf-8")
        profile = folder / "first"
        _write_profile(profile)
        status = _run(program, folder, profile, seconds)
        if status == _RESTART:
            # Under another name: the socket of the first start cannot be removed from in here.
            profile = profile.rename(folder / "second")
            status = _run(program, folder, profile, seconds)
        made = folder / "out" / "in.pdf"
        if status != 0 or not made.is_file():
            if room.look(folder) != "ok":
                raise NoRoom
            raise Invalid(_UNREADABLE)
        return made.read_bytes()


def _run(program: str, folder: Path, profile: Path, seconds: float) -> int:
    environment = {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
    }
    command = [
        program,
        "--headless",
        "--norestore",
        "--nologo",
        "--nodefault",
        "--nolockcheck",
        f"-env:UserInstallation={profile.as_uri()}",
        "--convert-to",
        "pdf:writer_pdf_Export",
        "--outdir",
        str(folder / "out"),
        str(folder / "in.docx"),
    ]
    try:
        return subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # its complaints may quote the document
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            preexec_fn=_end_with_parent,
        ).returncode
    except subprocess.TimeoutExpired as error:
        raise TooLarge(too_slow(seconds)) from error


def _end_with_parent() -> None:
    """On Linux: be killed when the child that started us ends, however it ends."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def too_slow(seconds: float) -> Text:
    """The sentence for a file that was stopped."""
    return Text(
        f"Chuyển đổi tệp quá {seconds:.0f} giây nên đã dừng. Mở tệp bằng Word, chọn Lưu thành → PDF, rồi tải "
        "tệp PDF lên; hoặc bỏ bớt bảng, ảnh.",
        f"Converting the file took more than {seconds:.0f} seconds and was stopped. Open it in Word, save "
        f"it as "
        "PDF and upload that; or use fewer tables and pictures.",
    )


def _write_profile(profile: Path) -> None:
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for (path, name), value in _SETTINGS.items()
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE.format(items=items), "utf-8")


def sweep_sockets() -> None:
    """Remove the sockets that ended LibreOffice processes of this user left in /tmp.

    They cannot do it themselves: a converter's child may make a socket there and nothing else. A socket that
    someone answers at belongs to a LibreOffice at work.
    """
    for path in Path("/tmp").glob("OSL_PIPE_*SingleOfficeIPC_*"):  # noqa: S108 - where LibreOffice puts them
        with contextlib.suppress(OSError):
            found = path.lstat()
            if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.getuid():
                continue
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(0.5)
                try:
                    probe.connect(str(path))
                except ConnectionRefusedError:
                    path.unlink()


_PROFILE = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
    'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "{items}</oor:items>"
)
_FONTS = (
    '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>/usr/share/fonts</dir>'
    "<dir>/usr/local/share/fonts</dir><dir>{ours}</dir><cachedir>{cache}</cachedir>"
    '<include ignore_missing="yes">/usr/share/fontconfig/conf.avail/30-metric-aliases.conf</include>'
    "</fontconfig>"
)
_UNREADABLE = Text(
    "Không chuyển được tệp Word này thành trang. Mở tệp bằng Word, chọn Lưu thành → PDF, rồi tải tệp PDF "
    "lên.",
    "This Word file could not be turned into pages. Open it in Word, save it as PDF, and upload that.",
)
