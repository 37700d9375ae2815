"""What `hososo doctor` says of one part, in one line of both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.text import Language, Text

Mark = Literal["✓", "–", "✗"]
LANGUAGES: tuple[Language, Language] = ("vi", "en")
_WORDS: dict[Mark, Text] = {"✓": Text("tốt", "fine"), "–": Text("chú ý", "note"), "✗": Text("hỏng", "broken")}


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it is, and what to do about it. ✗ is a fault, – may be as it is."""

    mark: Mark
    part: Text
    says: Text

    @property
    def line(self) -> str:
        """Both languages in one line."""
        word = _WORDS[self.mark]
        vi, en = (f"{self.part.to(of)}: {word.to(of)}. {self.says.to(of)}" for of in LANGUAGES)
        return f"{self.mark} {vi} · {en}"
