"""What `hososo doctor` says of the folder of trust anchors."""

from __future__ import annotations

from collections.abc import Iterator

from flows import anchors
from flows.office import utc_now
from models.settings import Settings
from models.text import Text
from service.findings import Finding, Mark


def trust(settings: Settings) -> Iterator[Finding]:
    """How many issuers are believed besides our own; each file that is not used, by name."""
    part = Text("Nơi cấp tin cậy", "Trusted issuers")
    found, now = anchors.read(settings), utc_now()
    roots = [held for held in found.certificates if held.is_root]
    ended = sum(1 for held in roots if held.valid_to < now)
    says = _SOME if roots else _NONE
    yield Finding(
        "✓", part, says.format(n=len(roots), ended=ended, crls=len(found.crls), folder=settings.trust_folder)
    )
    for fault in found.faults:
        mark: Mark = "✗" if fault.dangerous else "–"
        yield Finding(
            mark, part, Text(f"{fault.file}: {fault.sentence.vi}", f"{fault.file}: {fault.sentence.en}")
        )


_NONE = Text(
    "Chỉ nơi cấp thử nghiệm của hệ thống. Muốn kiểm tra chữ ký của nơi khác: đặt chứng thư gốc vào {folder}.",
    "This system's test authority only. To verify signatures of others, put their root into {folder}.",
)
_SOME = Text(
    "{n} chứng thư gốc trong {folder} ({ended} đã hết hạn), {crls} danh sách thu hồi.",
    "Root certificates in {folder}: {n}, of them expired: {ended}; revocation lists: {crls}.",
)
