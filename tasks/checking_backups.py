"""Reading a backup and checking all of it before anyone uses it: every line, every file, the manifest's seal.

A backup comes from outside: nothing in it is believed before the manifest is shown to have been written by
the holder of the master key, and no member is ever unpacked by the name it gives itself.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import RecordsError
from models.migrate import NewerData, knows
from models.portable import values
from models.text import Text
from tasks.backing_up import (
    FORMAT,
    MAC,
    MANIFEST,
    SEALED_KEY,
    Manifest,
    TableEntry,
    blob_member,
    trust_member,
)
from tasks.keys import Secret, backup_mac, unlock_service, unseal

_LONGEST_MANIFEST = 512 * 2**20
_LONGEST_BLOB = 512 * 2**20
_LONGEST_LINE = 64 * 2**20
_LONGEST_ANCHOR = 64 * 2**20
_PLACE = re.compile(r"[a-z]+/[^/\\\x00.][^/\\\x00]*")
"""A folder and a file in it, neither hidden nor leading elsewhere."""


class BadBackup(RecordsError):
    """This file is no backup, or not what was written; the sentence says what is wrong with it."""

    code = "bad-backup"


class KeyNeeded(RecordsError):
    """The backup holds no master key that what was given opens."""

    code = "key-needed"


@dataclass(frozen=True, slots=True)
class Backup:
    """An open backup whose manifest is genuine. `master`: the 32 bytes its keys open with."""

    archive: zipfile.ZipFile
    manifest: Manifest
    master: bytes

    def lines(self, table: TableEntry) -> Iterator[str]:
        """A table's rows; BadBackup at its end when they are not those that were written."""
        digest, count = hashlib.sha256(), 0
        with self.archive.open(table.member) as file:
            while data := file.readline(_LONGEST_LINE):
                digest.update(data)
                count += 1
                yield data.decode().rstrip("\n")
        if (count, digest.hexdigest()) != (table.rows, table.sha256):
            raise BadBackup(_CHANGED.format(what=table.member))

    def blob(self, sha256: str) -> bytes:
        """A file; BadBackup when it is not what its name says."""
        member = self.archive.getinfo(blob_member(sha256))
        if member.file_size > _LONGEST_BLOB:
            raise BadBackup(_CHANGED.format(what=member.filename))
        data = self.archive.read(member)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BadBackup(_CHANGED.format(what=member.filename))
        return data

    def anchors(self) -> Iterator[tuple[str, bytes]]:
        """Trust anchors by their place in the folder; BadBackup for one that is not as written."""
        for place, sha256 in self.manifest.trust:
            member = self.archive.getinfo(trust_member(sha256))
            data = self.archive.read(member) if member.file_size <= _LONGEST_ANCHOR else b""
            if not _PLACE.fullmatch(place) or hashlib.sha256(data).hexdigest() != sha256:
                raise BadBackup(_CHANGED.format(what=f"trust/{place}"))
            yield place, data


def opened(archive: zipfile.ZipFile, passphrase: Secret | None, master: bytes | None) -> Backup:
    """A backup whose manifest was written under the master key: the one given, else the one sealed inside."""
    text = _small(archive, MANIFEST)
    manifest = _manifest(text)
    if master is None:
        if not manifest.master_key or passphrase is None:
            raise KeyNeeded(_GIVE_PASSPHRASE if manifest.master_key else _GIVE_KEY)
        try:
            master = unseal(_small(archive, SEALED_KEY), passphrase)
        except ValueError as error:
            raise BadBackup(_CHANGED.format(what=SEALED_KEY)) from error
    found = Backup(archive, manifest, master)
    if not hmac.compare_digest(_small(archive, MAC), backup_mac(master, text)):
        raise BadBackup(_NOT_GENUINE)
    return found


def check(backup: Backup) -> None:
    """Read everything once; BadBackup names the first thing that is not as it was written."""
    try:
        for table in backup.manifest.tables:
            shape = table.shape
            for line in backup.lines(table):
                row = values(shape, line)
                if table.name == "authority_part" and row["protected"]:
                    unlock_service(row["protected"], backup.master, row["part"])
        for name in backup.manifest.blobs:
            backup.blob(name)
        for _ in backup.anchors():
            pass
    except (zipfile.BadZipFile, KeyError, OSError, EOFError) as error:
        raise BadBackup(_DAMAGED.format(what=error)) from error
    except ValueError as error:
        raise BadBackup(_DAMAGED.format(what=error)) from error


def open_file(path: Path) -> zipfile.ZipFile:
    """The archive, to be closed; BadBackup when the file is missing, cut off or something else."""
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise BadBackup(_NO_BACKUP.format(path=path)) from error


def _small(archive: zipfile.ZipFile, member: str) -> bytes:
    try:
        with archive.open(member) as file:
            return file.read(_LONGEST_MANIFEST)
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise BadBackup(_NO_BACKUP.format(path=archive.filename)) from error


def _manifest(text: bytes) -> Manifest:
    try:
        found: dict[str, Any] = json.load(io.BytesIO(text))
        if found["format"] > FORMAT:
            raise NewerData(_NEWER.format(program=found.get("program", "?")))
        tables = tuple(
            TableEntry(t["name"], tuple((c, k) for c, k in t["columns"]), t["rows"], t["sha256"])
            for t in found.pop("tables")
        )
        blobs, missing = tuple(found.pop("blobs")), tuple(found.pop("missing"))
        trust = tuple((place, sha256) for place, sha256 in found.pop("trust", ()))
        manifest = Manifest(**found, blobs=blobs, missing=missing, tables=tables, trust=trust)
    except (ValueError, KeyError, TypeError) as error:
        raise BadBackup(_DAMAGED.format(what=MANIFEST)) from error
    if not knows(manifest.revision):
        raise NewerData(_NEWER.format(program=manifest.program))
    return manifest


_NO_BACKUP = Text(
    "{path} không phải bản sao lưu của Hồ Sơ Số, hoặc bị cắt ngắn. Chọn tệp khác.",
    "{path} is no backup of Hồ Sơ Số, or was cut off. Choose another file.",
)
_CHANGED = Text(
    "Bản sao lưu bị hỏng ở {what}: nội dung không còn như lúc ghi. Dùng bản sao lưu khác.",
    "The backup is damaged at {what}: it is not what was written. Use another backup.",
)
_DAMAGED = Text(
    "Bản sao lưu bị hỏng ({what}). Dùng bản sao lưu khác.",
    "The backup is damaged ({what}). Use another backup.",
)
_NOT_GENUINE = Text(
    "Bản kê của bản sao lưu không khớp với khóa chủ: tệp đã bị sửa, hoặc khóa chủ của hệ thống khác.",
    "The backup's manifest does not fit the master key: the file was changed, or the key is of another one.",
)
_NEWER = Text(
    "Bản sao lưu do phiên bản mới hơn ({program}) ghi. Cài phiên bản mới hơn rồi phục hồi.",
    "The backup was written by a newer version ({program}). Install the newer version, then restore.",
)
_GIVE_PASSPHRASE = Text(
    "Khóa chủ trong bản sao lưu được bảo vệ bằng câu mật khẩu. Thêm --passphrase-file <tệp>, "
    "hoặc --master-key <tệp master.key đã cất riêng>.",
    "The master key in the backup is protected by a passphrase. Add --passphrase-file <file>, "
    "or --master-key <the master.key kept apart>.",
)
_GIVE_KEY = Text(
    "Bản sao lưu này không có khóa chủ. Thêm --master-key <tệp secrets/master.key đã cất riêng>.",
    "This backup holds no master key. Add --master-key <the file secrets/master.key that was kept apart>.",
)
