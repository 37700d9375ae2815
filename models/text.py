"""A sentence in both languages. Vietnamese is written first; neither may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["vi", "en"]


def within(words: str) -> str:
    """Words as they stand inside a sentence: begun small, unless they begin with an abbreviation (KHBD)."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


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
        return Text(within(self.vi), within(self.en))

    def format(self, **values: object) -> Text:
        """Fill the places of both wordings; a `Text` among the values is put in each language."""
        return Text(
            self.vi.format(**{k: v.vi if isinstance(v, Text) else v for k, v in values.items()}),
            self.en.format(**{k: v.en if isinstance(v, Text) else v for k, v in values.items()}),
        )
