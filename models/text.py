"""A sentence in both languages. Vietnamese is written first; neither may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["vi", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One wording, Vietnamese and English; `{name}` places are filled by `format`."""

    vi: str
    en: str

    def __post_init__(self) -> None:
        if not self.vi or not self.en:
            raise ValueError(f"A text needs both languages, got {self.vi!r} and {self.en!r}.")

    def to(self, language: Language) -> str:
        return self.en if language == "en" else self.vi

    def capitalised(self) -> Text:
        """As a sentence begins."""
        return Text(self.vi[:1].upper() + self.vi[1:], self.en[:1].upper() + self.en[1:])

    def within(self) -> Text:
        """As it stands inside a sentence."""
        return Text(self.vi[:1].lower() + self.vi[1:], self.en[:1].lower() + self.en[1:])

    def format(self, **values: object) -> Text:
        """Fill the places of both wordings; a `Text` among the values is put in each language."""
        return Text(
            self.vi.format(**{k: v.vi if isinstance(v, Text) else v for k, v in values.items()}),
            self.en.format(**{k: v.en if isinstance(v, Text) else v for k, v in values.items()}),
        )
