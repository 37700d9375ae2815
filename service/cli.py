"""`hososo`: the commands of an installation. Each imports what it needs when it runs: `up` stays small.

Vietnamese first, English after. Nothing of a command's work stands here.
"""

from __future__ import annotations

import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from models.errors import RecordsError
from models.settings import Settings, unusable
from service import supervise
from service.cli_admin import admin
from service.cli_told import tell

app = typer.Typer(
    name="hososo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its traceback shows local variables, and they may hold a PIN
    help="Hồ Sơ Số: hồ sơ của nhà trường, từ biểu mẫu đến lưu trữ. · A school's records, form to archive.",
)
app.add_typer(admin, name="admin")
spot = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Kiểm tra đột xuất: tính lại một đợt rút. · Spot checks: recompute a draw.",
)
app.add_typer(spot, name="spot")
audit = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Đối chiếu: mọi hồ sơ còn nguyên như đã quyết định? · Audit: is every record as it was decided?",
)
app.add_typer(audit, name="audit")

_PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        envvar="HOSOSO_BACKUP_PASSPHRASE_FILE",
        help="Tệp chứa câu mật khẩu bảo vệ khóa chủ · File with the passphrase that protects the master key",
    ),
]
_OWN = (sys.executable, "-m", "service.cli")


_WITHOUT_DATA = frozenset({"restore", "doctor", "verify", "types", "spot"})
"""Commands that mend half a restore, say so, or look at no school's data."""


@app.callback()
def begin(called: typer.Context) -> None:
    """Before every command: nothing starts on half a restore."""
    if called.invoked_subcommand in _WITHOUT_DATA:
        return
    settings = Settings()
    if settings.unfinished_restore.exists():
        from tasks.restoring import refuse_unfinished

        refuse_unfinished(settings)


def main() -> None:
    """Run a command; a refusal is said in both languages and ends with 1."""
    # What is imported stays: looking through it again and again for garbage is a seventh of a start.
    gc.set_threshold(20_000, 20, 20)
    try:
        app()
    except RecordsError as refusal:
        tell(refusal.sentence, err=True)
        sys.exit(1)
    except ValidationError as fault:
        if fault.title != Settings.__name__:
            raise
        tell(unusable(fault), err=True)
        sys.exit(1)
    except Exception as fault:
        from service import cli_faults

        said = cli_faults.of(fault, Settings())
        if said is None:
            raise
        tell(said, err=True)
        sys.exit(1)


def _child(part: str) -> Settings:
    """What every long-running command begins with."""
    from service import logs

    settings = Settings()
    supervise.end_with_parent()
    logs.set_up(part, settings.log)
    return settings


def _refuse_unfit() -> None:
    """A part must not touch a newer database, nor keys it cannot open, however it was started."""
    from models.migrate import refuse_newer_data
    from tasks.master_keys import refuse_lost

    refuse_newer_data(Settings())
    refuse_lost(Settings())


@app.command()
def up() -> None:
    """Chạy tất cả các phần và giữ cho chạy. · Start every part and keep it running."""
    sys.exit(supervise.up(Settings(), (*_OWN, "migrate"), typer.echo))


@app.command()
def web() -> None:
    """Trang web và API. · The pages and the API."""
    _refuse_unfit()
    settings = _child("web")
    from service.serving import serve

    serve(settings)


@app.command()
def worker() -> None:
    """Bước tự động, qua Prefect; chạy bao nhiêu cũng được. · Automatic steps, through Prefect; any number."""
    _refuse_unfit()
    settings = Settings()
    from flows.prefect_settings import worker_environment

    os.environ.update(worker_environment(settings))
    from flows.worker import serve

    _child("worker")
    serve(settings)


@app.command()
def scheduler() -> None:
    """Việc theo giờ: nhắc hạn, thư, kiểm tra chậm. · What the clock does: reminders, mails, flags."""
    _refuse_unfit()
    settings = _child("scheduler")
    from service.jobs import serve

    serve(settings)


@app.command()
def prefect() -> None:
    """Máy chủ Prefect đi kèm, chỉ trên máy này. · The embedded Prefect server, loopback only."""
    settings = Settings()
    from flows.prefect_settings import address, server_environment

    os.environ.update(server_environment(settings))
    from flows.prefect_server import serve
    from service.logs import set_up

    _child("prefect")
    serve(*address(settings), ready=partial(set_up, "prefect", settings.log))


@app.command()
def tsa() -> None:
    """Máy chủ dấu thời gian đi kèm (không có giá trị pháp lý). · The embedded time-stamp authority."""
    settings = _child("tsa")
    from service.tsa import serve

    serve(settings)


@app.command()
def mailbox() -> None:
    """Hộp thư thử: giữ thư lại, không gửi đi. · The local mail catcher: keeps mails, sends none."""
    settings = _child("mailbox")
    from service.mailbox import serve

    serve(settings)


@app.command()
def migrate() -> None:
    """Nâng cơ sở dữ liệu lên bản hiện tại; dựng trường mẫu nếu cần. · Upgrade data; make the demo school."""
    from service.installing import install

    install(Settings(), typer.echo)


@app.command()
def types() -> None:
    """Các loại hồ sơ và đường đi của chúng. · The document types and their ways."""
    from flows.catalogue import TYPES
    from flows.export import page

    typer.echo(page(TYPES), nl=False)


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="Tệp PDF đã ký · Signed PDFs", show_default=False)],
    trust: Annotated[
        Path | None,
        typer.Option(
            help="Thư mục chứng thư được tin, thay cho HOSOSO_TRUST; tệp nằm trong các thư mục con public, "
            "official, specialised, other theo loại chứng thư · Folder of trust anchors, instead of "
            "HOSOSO_TRUST; its files lie in subfolders by their class: public, official, specialised, other"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON · The result as JSON")] = False,
    details: Annotated[bool, typer.Option("--details", help="Chi tiết kỹ thuật · Every detail")] = False,
) -> None:
    """Kiểm tra chữ ký của tệp PDF, không cần máy chủ chạy. · Verify signed PDFs; no server is needed.

    Mã kết thúc · Exit code: 0 mọi tệp đều đúng · every file is valid, 1 có tệp bị sửa, hỏng chữ ký hoặc
    chưa xác định · one was changed, does not hold or is not determined, 2 có tệp không ký hoặc không đọc
    được · one is not signed or cannot be read.
    """
    from service.verify_command import verify as verify_files

    found = verify_files(
        Settings(), files, trust, typer.echo, partial(typer.echo, err=True), as_json=as_json, details=details
    )
    sys.exit(found)


@app.command()
def doctor() -> None:
    """Kiểm tra cài đặt, mỗi mục một dòng và việc cần làm. · Check the installation, what to do included."""
    from service.doctor import examine

    sys.exit(0 if examine(Settings(), typer.echo) else 1)


@app.command()
def backup(
    to: Annotated[
        Path, typer.Argument(help="Tệp mới, hoặc thư mục có sẵn · A new file, or a folder there is")
    ],
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Trong thư mục chỉ giữ lại bấy nhiêu bản · In the folder keep only so many"),
    ] = None,
    passphrase_file: _PassphraseFile = None,
) -> None:
    """Sao lưu khi hệ thống vẫn chạy. · Back up while everything runs.

    Mã kết thúc · Exit code: 0 tốt · good, 1 không có bản sao lưu · no backup was made,
    3 đã ghi nhưng có tệp hồ sơ bị thiếu hoặc hỏng · written, but files of records are missing or damaged.
    """
    os.nice(10)  # people who sign come first
    from service.keeping import back_up

    sys.exit(back_up(Settings(), to, keep, passphrase_file, tell))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="Bản sao lưu · The backup")],
    passphrase_file: _PassphraseFile = None,
    master_key: Annotated[
        Path | None,
        typer.Option(help="Tệp master.key cất riêng · The master.key that was kept apart"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Chỉ kiểm tra, không ghi gì · Only check, write nothing")
    ] = False,
    accept_missing: Annotated[
        bool,
        typer.Option(help="Phục hồi dù bản sao lưu thiếu tệp · Restore although files were missing"),
    ] = False,
) -> None:
    """Phục hồi vào máy trống; không ghi đè gì. · Restore onto an empty machine; overwrites nothing."""
    from service import keeping

    keeping.restore(
        Settings(),
        file,
        keeping.Keys(passphrase_file, master_key),
        tell,
        check_only=check,
        accept_missing=accept_missing,
    )


@audit.command("verify")
def verify_all(
    school: Annotated[
        str, typer.Option(help="Chỉ một trường (mã trường) · One school alone, by its id")
    ] = "",
    root: Annotated[
        str,
        typer.Option(help="Mã gốc đã giữ riêng (thư tổng hợp tuần) · The hash of a root kept elsewhere"),
    ] = "",
    files: Annotated[bool, typer.Option(help="Đọc lại mọi tệp · Read every file")] = True,
    signatures: Annotated[
        bool, typer.Option(help="Kiểm tra chữ ký của tệp lưu trữ · Validate the archived files' signatures")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON · The result as JSON")] = False,
) -> None:
    """Đối chiếu mọi hồ sơ với chuỗi sự kiện, gốc và tệp. · Every record against its events and files.

    Chạy được khi hệ thống đang dùng. Mã kết thúc · Runs beside people at work. Exit code: 0 khớp · all holds,
    1 không chạy được · could not run, 2 có chỗ không khớp, nêu chỗ đầu tiên · something does not hold, the
    first of it named.
    """
    os.nice(10)  # people who sign come first
    from flows.auditing import Asked
    from service.auditing import verify

    asked = Asked(school_id=school, files=files, signatures=signatures, root=root.strip().lower())
    sys.exit(verify(Settings(), asked, tell, typer.echo, as_json=as_json))


@spot.command("verify")
def verify_draw(
    file: Annotated[Path, typer.Argument(help="Tệp draw.json của đợt rút · The draw's file")],
) -> None:
    """Tính lại đợt rút từ tệp đã công bố. · Recompute a published draw from its file alone."""
    from service.spot_verify import verify

    sys.exit(verify(file, tell, typer.echo))


if __name__ == "__main__":
    main()
