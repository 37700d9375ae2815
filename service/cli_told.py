"""How a command speaks: both languages, a line each."""

from __future__ import annotations

import typer

from models.text import Text


def tell(sentence: Text, *, err: bool = False) -> None:
    """Vietnamese first, English after."""
    typer.echo(sentence.vi, err=err)
    typer.echo(sentence.en, err=err)
