"""`hososo admin`: acts on the server itself. Nothing of a command's work stands here."""

from __future__ import annotations

from typing import Annotated

import typer

from models.settings import Settings
from service.cli_told import tell

admin = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Việc của quản trị trên máy chủ. · On the server.",
)


@admin.command("create-school")
def create_school(
    name: Annotated[str, typer.Option(prompt="Tên trường · School name")],
    parent: Annotated[str, typer.Option(prompt="Cơ quan chủ quản · Parent body")],
    place: Annotated[str, typer.Option(prompt="Địa danh · Place")],
    abbreviation: Annotated[str, typer.Option(prompt="Chữ viết tắt · Abbreviation")],
    admin_name: Annotated[str, typer.Option(prompt="Họ tên quản trị · Administrator's full name")],
    admin_login: Annotated[
        str, typer.Option(prompt="Tên đăng nhập của quản trị · Administrator's sign-in name")
    ],
    principal_name: Annotated[str, typer.Option(prompt="Họ tên hiệu trưởng · Principal's full name")],
    principal_login: Annotated[
        str, typer.Option(prompt="Tên đăng nhập của hiệu trưởng · Principal's sign-in name")
    ],
) -> None:
    """Tạo trường với quản trị và hiệu trưởng đầu tiên. · A school, its first administrator and principal."""
    from service.installing import NewSchool, found_school

    given = NewSchool(
        name, parent, place, abbreviation, admin_name, admin_login, principal_name, principal_login
    )
    for line in found_school(Settings(), given):
        tell(line)


@admin.command("unlock")
def unlock(login: Annotated[str, typer.Argument(help="Tên đăng nhập · Sign-in name")]) -> None:
    """Mở khóa một tài khoản bị tạm dừng đăng nhập. · End an account's sign-in pause."""
    from service.installing import unlock_account

    tell(unlock_account(Settings(), login))


@admin.command("reset-password")
def reset_password(login: Annotated[str, typer.Argument(help="Tên đăng nhập · Sign-in name")]) -> None:
    """Cấp mật khẩu dùng một lần cho người đã quên. · A password to be used once, for who forgot it."""
    from service.installing import reset_password

    tell(reset_password(Settings(), login))


@admin.command("remove-second-factor")
def remove_second_factor(login: Annotated[str, typer.Argument(help="Tên đăng nhập · Sign-in name")]) -> None:
    """Gỡ xác thực hai lớp của người mất điện thoại và mã dự phòng. · For who lost the phone and the codes."""
    from service.installing import remove_second_factor

    tell(remove_second_factor(Settings(), login))


@admin.command("grant")
def grant(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập · Sign-in name")],
    role: Annotated[str, typer.Argument(help="principal, vice_principal, clerk, teacher, inspector, admin")],
) -> None:
    """Giao vai trò khi không còn ai xác nhận được. · Give a role where nobody is left to confirm it."""
    from service.installing import grant

    tell(grant(Settings(), login, role))


@admin.command("prefect-login")
def prefect_login() -> None:
    """Chuỗi đăng nhập trang Prefect trên máy này. · What Prefect's own pages on this machine ask for."""
    from service.installing import prefect_login

    typer.echo(prefect_login(Settings()))
