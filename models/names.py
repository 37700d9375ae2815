"""The order of Vietnamese names, on pages and in mails. Pure."""

from __future__ import annotations

_VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxyfjwz"
_MARKS = str.maketrans(
    "àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
    "aaaaaăăăăăâââââeeeeeêêêêêiiiiioooooôôôôôơơơơơuuuuuưưưưưyyyyy",
)
_TONES = {c: n % 5 + 1 for n, c in enumerate("àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ")}


def by_given_name(full_name: str) -> tuple[object, ...]:
    """Sort key of a Vietnamese name: given name (last word) first; letters before tones."""
    words = full_name.lower().split()
    ordered = [*words[-1:], *words[:-1]]
    return tuple((_letters(word), tuple(_TONES.get(c, 0) for c in word)) for word in ordered)


def _letters(word: str) -> tuple[int, ...]:
    return tuple(_VIETNAMESE.find(c) if c in _VIETNAMESE else ord(c) + 100 for c in word.translate(_MARKS))
