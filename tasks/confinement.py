"""What a child process of the intake pool gives up before it reads anything from outside.

Memory and file sizes by resource limits; the network by a namespace of its own; files by Landlock: it may
read the program, its libraries and layouts, and write only its own folder, so that neither the database nor
a key is within its reach. Each is done where the system allows it and reported where not: the pool works
without, and `hososo doctor` says so. Called once, in a child, while it has one thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FILE_BYTES = 256 * 1024 * 1024
"""No file a child writes may be larger."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
# Landlock's calls and rights (linux/landlock.h): the same numbers on every architecture we know.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE = 1 << 14
_MAKE_SOCKET = 1 << 9
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_TCP = 3  # bind and connect
_SCOPES = 3  # abstract Unix sockets and signals of others


@dataclass(frozen=True, slots=True)
class Guard:
    """How a child is confined: "cut" or "limited", or in words why not."""

    network: str
    files: str
    memory: str


def confine(memory: int, readable: Iterable[Path], writable: Path, *, sockets: bool = False) -> Guard:
    """Give up what this process does not need; `memory` is its address space in bytes.

    `sockets` leaves it one thing more: to make a socket in /tmp, which LibreOffice cannot start without.
    """
    network = _cut_network()
    files = _cut_files(readable, writable, sockets=sockets)
    return Guard(network, files, _limit(memory))


def _limit(memory: int) -> str:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except (OSError, ValueError) as error:
        return f"not limited: {error}"
    return "limited"


def _cut_network() -> str:
    """Move into a network namespace that has no way out; many containers forbid it."""
    if not sys.platform.startswith("linux"):
        return f"not cut: {sys.platform} cannot"
    user, group = os.getuid(), os.getgid()
    if _libc().unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return f"not cut: {os.strerror(ctypes.get_errno())}"
    # Files must go on belonging to the same person inside, or none can be made.
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
    return "cut"


def _cut_files(readable: Iterable[Path], writable: Path, *, sockets: bool) -> str:
    """Landlock: what is not named here cannot be opened any more; also no TCP where the kernel can."""
    if not sys.platform.startswith("linux"):
        return f"not cut: {sys.platform} cannot"
    libc = _libc()
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return f"not cut: {os.strerror(ctypes.get_errno())}"
    rights = (1 << 13) - 1 | (1 << 13 if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    attributes = struct.pack("=Q", rights)
    if version >= 4:
        attributes += struct.pack("=Q", _TCP)
    if version >= 6:
        attributes += struct.pack("=Q", _SCOPES)
    rules = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return f"not cut: {os.strerror(ctypes.get_errno())}"
    try:
        for path in readable:
            _allow(libc, rules, path, _READ)
        _allow(libc, rules, Path("/dev/null"), _READ_FILE | _WRITE_FILE)
        _allow(libc, rules, writable, rights & ~_EXECUTE)
        if sockets:
            _allow(libc, rules, Path("/tmp"), _MAKE_SOCKET | _READ_DIR)  # noqa: S108 - where LibreOffice makes it
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.syscall(_RESTRICT_SELF, rules, 0) != 0:
            return f"not cut: {os.strerror(ctypes.get_errno())}"
    finally:
        os.close(rules)
    return "cut"


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a folder this system does not have needs no leave
    try:
        granted = rights if path.is_dir() else rights & _OF_A_FILE
        libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", granted, handle), 0)
    finally:
        os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
