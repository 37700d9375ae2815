"""What `hososo backup` and `hososo restore` do, in order, and what they say. The work stands in `tasks/`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows import anchors
from flows.auditing import refuse_broken
from flows.office import utc_now
from models.errors import RecordsError
from models.settings import Settings
from models.text import Text
from service.supervise import lock
from tasks import backing_up, restoring
from tasks.checking_backups import BadBackup, check, open_file, opened
from tasks.keys import Secret

Tell = Callable[[Text], None]
FAULTY = 3
"""Exit code of a backup that was written although files of records are missing or damaged."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the master key may come from: a passphrase, or the key's own file."""

    passphrase_file: Path | None = None
    master_key: Path | None = None


class NoSuchFile(RecordsError):
    """A file with a passphrase or key cannot be read."""

    code = "no-such-file"


def back_up(
    settings: Settings, asked: Path, keep: int | None, passphrase_file: Path | None, tell: Tell
) -> int:
    """Write a backup, read it back, let older ones go; the exit code. RecordsError: no backup was made.

    After a faulty one nothing older is removed: it may be needed.
    """
    if keep is not None and not asked.is_dir():
        raise backing_up.CannotBackUp(_KEEP_NEEDS_FOLDER.format(path=asked))
    if not asked.exists() and not asked.suffix:  # a folder nobody made: a file of its name would hide that
        raise backing_up.CannotBackUp(_NO_FOLDER.format(path=asked))
    now = utc_now()
    path = backing_up.target(asked, now)

    def read_back(part: Path) -> None:
        with open_file(part) as archive:
            check(opened(archive, None, settings.master_key))

    trust = anchors.files(settings)
    made = backing_up.write(settings, path, now, _passphrase(passphrase_file), trust, read_back)
    told = {"path": path, "documents": made.documents, "files": len(made.blobs), "size": _size(path)}
    tell(_WRITTEN.format(**told))
    if made.trust:
        tell(_TRUST.format(count=len(made.trust)))
    if not made.master_key:
        tell(_NO_KEY.format(path=settings.data.resolve() / "secrets" / "master.key"))
    if made.missing:
        tell(_MISSING.format(count=len(made.missing), some=", ".join(made.missing[:5])))
        return FAULTY
    if keep is not None:
        gone = backing_up.rotate(asked, keep, path)
        if gone:
            tell(_ROTATED.format(names=", ".join(p.name for p in gone)))
    return 0


def restore(
    settings: Settings,
    file: Path,
    keys: Keys,
    tell: Tell,
    *,
    check_only: bool = False,
    accept_missing: bool = False,
) -> None:
    """Check a whole backup, then put it onto this empty machine. RecordsError: the database is as it was."""
    with open_file(file) as archive:
        backup = opened(archive, _passphrase(keys.passphrase_file), _master(settings, keys))
        check(backup)
        made = backup.manifest
        tell(_GOOD.format(made_at=made.made_at, documents=made.documents, files=len(made.blobs)))
        if made.missing:
            tell(_MISSING.format(count=len(made.missing), some=", ".join(made.missing[:5])))
        if check_only:
            return
        if made.missing and not accept_missing:
            raise BadBackup(_ACCEPT)
        with lock(settings):
            restoring.refuse_unfit(settings, backup)
            restoring.restore(settings, backup, file, refuse_broken, _options(keys, accept_missing))
        if made.trust:
            tell(_TRUST_BACK.format(count=len(made.trust), folder=settings.trust_folder.resolve()))
    tell(_RESTORED.format(data=settings.data.resolve()))


def _options(keys: Keys, accept_missing: bool) -> list[str]:
    """What the same command is to be given again; files by their whole path."""
    given = (("--passphrase-file", keys.passphrase_file), ("--master-key", keys.master_key))
    named = [word for option, file in given if file is not None for word in (option, str(file.resolve()))]
    return [*named, *(["--accept-missing"] if accept_missing else [])]


def _passphrase(file: Path | None) -> Secret | None:
    return None if file is None else Secret(_read(file).decode(errors="replace").strip("\r\n"))


def _master(settings: Settings, keys: Keys) -> bytes | None:
    """The key named, or the one that lies in the data folder already."""
    there = settings.data / "secrets" / "master.key"
    if keys.master_key is not None:
        return _read(keys.master_key)
    return there.read_bytes() if there.exists() and keys.passphrase_file is None else None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NoSuchFile(_UNREADABLE.format(path=file, error=error.strerror or error)) from error


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 2**20:.1f} MB"


_WRITTEN = Text(
    "Đã sao lưu và đọc lại để kiểm tra: {path} ({documents} hồ sơ, {files} tệp, {size}).",
    "Backed up, and read back to check it: {path} ({documents} records, {files} files, {size}).",
)
_NO_KEY = Text(
    "Bản sao lưu này không chứa khóa chủ: cất riêng một bản của {path} (tệp này không bao giờ đổi), "
    "hoặc dùng --passphrase-file.",
    "This backup does not hold the master key: keep a copy of {path} in another place (it never changes), "
    "or use --passphrase-file.",
)
_TRUST = Text(
    "Kèm {count} tệp chứng thư, danh sách thu hồi của nơi cấp tin cậy.",
    "With it went {count} certificates and revocation lists of trusted authorities.",
)
_TRUST_BACK = Text(
    "Đã đặt lại {count} tệp của nơi cấp tin cậy vào {folder}: xem lại ở Quản trị, Nơi cấp tin cậy.",
    "{count} files of trusted authorities are back in {folder}: look at them under Administration, Trusted "
    "authorities.",
)
_MISSING = Text(
    "Chú ý: {count} tệp hồ sơ bị thiếu hoặc hỏng khi sao lưu ({some}). "
    "Chạy hososo doctor và giữ các bản sao lưu cũ.",
    "Note: {count} files of records were missing or damaged when the backup was made ({some}). "
    "Run hososo doctor, and keep older backups.",
)
_ROTATED = Text("Đã xóa bản cũ: {names}.", "Older backups removed: {names}.")
_KEEP_NEEDS_FOLDER = Text(
    "--keep chỉ dùng với một thư mục có sẵn: tạo thư mục trước (mkdir -p {path}), rồi chạy lại.",
    "--keep needs a folder that is there: make it first (mkdir -p {path}), then run this again.",
)
_NO_FOLDER = Text(
    "Chưa có thư mục {path}: tạo trước (mkdir -p {path}), hoặc ghi tên một tệp mới, ví dụ {path}.zip.",
    "There is no folder {path}: make it first (mkdir -p {path}), or name a new file, such as {path}.zip.",
)
_GOOD = Text(
    "Bản sao lưu nguyên vẹn: lúc {made_at}, {documents} hồ sơ, {files} tệp.",
    "The backup is whole: made {made_at}, {documents} records, {files} files.",
)
_ACCEPT = Text(
    "Chưa phục hồi: bản sao lưu thiếu tệp. Dùng bản cũ hơn, hoặc thêm --accept-missing.",
    "Nothing was restored: files are missing in this backup. Use an older one, or add --accept-missing.",
)
_RESTORED = Text(
    "Đã phục hồi vào {data}. Mọi người cần đăng nhập lại. Tiếp theo: hososo doctor, rồi hososo up.",
    "Restored into {data}. Everybody signs in anew. Next: hososo doctor, then hososo up.",
)
_UNREADABLE = Text("Không đọc được {path} ({error}).", "{path} cannot be read ({error}).")
