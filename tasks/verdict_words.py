"""The sentences of the verification: one reason for a signature, a headline and an explanation for a file.

Written for a head teacher: what is so, then what to do. Only the words live here.
"""

from __future__ import annotations

from models.text import Text

# --- one signature ---------------------------------------------------------------------------------------

HOLDS = Text(
    "Chữ ký đúng, nội dung người này đã ký còn nguyên.",
    "The signature holds and what this person signed is unchanged.",
)
TIMESTAMP_HOLDS = Text(
    "Dấu thời gian đúng: tệp đã có trước thời điểm này.",
    "The time-stamp holds: the file existed before this time.",
)
CONTENT_CHANGED = Text(
    "Nội dung đã bị sửa sau khi ký. Hãy lấy lại tệp gốc.",
    "The content was changed after signing. Fetch the original file.",
)
FORGED = Text(
    "Chữ ký không khớp với chứng thư số: chữ ký giả hoặc bị hỏng.",
    "The signature does not match its certificate: it is forged or damaged.",
)
DAMAGED = Text(
    "Chữ ký bị hỏng, không kiểm tra được. Hãy lấy lại tệp gốc.",
    "The signature is damaged and cannot be checked. Fetch the original file.",
)
NOT_COVERED = Text(
    "Chữ ký không bao trùm trọn bản đã ký: tệp đã bị can thiệp.",
    "The signature does not cover the whole of what was signed: the file was tampered with.",
)
APPENDED = Text(
    "Sau chữ ký này, tệp bị thêm vào phần mà chữ ký không cho phép.",
    "After this signature something was added to the file that the signature does not allow.",
)
PAGES_CHANGED = Text(
    "Trang của tệp bây giờ nhìn khác với trang người này đã ký.",
    "The pages of the file now look different from what this person signed.",
)
FIELD_REPLACED = Text(
    "Một ô đã điền khi người này ký nay bị đổi hoặc bị bỏ.",
    "A field that was filled when this person signed has been changed or removed.",
)
DESCRIPTION_CHANGED = Text(
    "Tên hoặc thông tin mô tả của tệp bị đổi sau chữ ký này.",
    "The title or description of the file was changed after this signature.",
)
PLACED_ANEW = Text(
    "Sau chữ ký này có phần đặt thêm lên trang mà không xác nhận được là được phép; hãy xem hình.",
    "After this signature something was put on the page that cannot be confirmed as allowed; see below.",
)
PLACED_OVER = Text(
    "Sau chữ ký này có phần được đặt đè lên chữ hoặc nét có sẵn ở trang {page}; hãy xem hình.",
    "After this signature something was put over words or lines that stood on page {page}; see below.",
)
FIELD_OVER_WORDS = Text(
    "Ô “{field}” ở trang {page} được điền sau chữ ký này, nhưng ô nằm đè lên chữ có sẵn; hãy xem hình.",
    "The field “{field}” on page {page} was filled after this signature, but it lies over words; see below.",
)
PLACED_NEAR = Text(
    "Sau chữ ký này có chữ ký khác đặt ở trang {page}, sát hoặc đè lên nội dung có sẵn, hoặc to quá mức; "
    "hãy xem hình.",
    "After this signature another was placed on page {page}, on or close to what stood there, or too large; "
    "see below.",
)
SIGNED_BESIDE = Text(
    "Chữ ký đúng, nội dung người này đã ký còn nguyên; {who} ký thêm ở chỗ trống trang {page}.",
    "The signature holds and what this person signed is unchanged; {who} signed at a blank place on "
    "page {page} later.",
)
FILLED_UNCONFIRMED = Text(
    "Các ô dành sẵn được điền bởi chữ ký sau, mà chữ ký ấy chưa xác nhận được.",
    "Prepared fields were filled by later signatures that are not confirmed themselves.",
)
FILLED_BY_NOBODY = Text(
    "Ô {fields} được điền sau chữ ký cuối; ô này được phép điền, nhưng không ai ký cho phần đã điền.",
    "{fields} was filled after the last signature; that is allowed, but nobody signed for what it says.",
)
NOT_PLAINLY_DRAWN = Text(
    "Một ô được điền và ký sau đó, nhưng chữ trong ô vẽ theo cách không xác nhận được "
    "(phông chữ lạ, hoặc có nét, hình khác ngoài chữ).",
    "A field was filled and signed for later, but it is drawn in a way that cannot be confirmed "
    "(an unusual font, or lines and pictures besides its words).",
)
CHANGED_AFTER_TIMESTAMP = Text(
    "Dấu thời gian đúng cho phần trước nó, nhưng sau đó tệp bị sửa hoặc thêm vào.",
    "The time-stamp holds for what came before it, but the file was changed or added to afterwards.",
)
DRAWN_ANEW = Text(
    "Sau chữ ký này, cách hiển thị các ô điền bị đổi, nên trang có thể hiện khác trên phần mềm khác.",
    "The way fields are drawn was changed after this signature, so pages may look different.",
)
OTHERWISE_CHANGED = Text(
    "Sau chữ ký này, cách tệp hoặc các ô điền hoạt động bị đổi ở chỗ không hiện trên trang.",
    "After this signature the file or its fields were changed in a way the pages do not show.",
)
UNSHOWN = Text(
    "Sau chữ ký này có ô được ghi giá trị mà trang không hiện ra.",
    "After this signature a field was given a value that the page does not show.",
)
UNSIGNED_ADDITION = Text(
    "Sau chữ ký này có phần được điền hoặc thêm vào mà không ai ký.",
    "After this signature something was filled in or added that nobody signed.",
)
OTHER_WORDS = Text(
    "Ô “{field}” ở trang {page} ghi một giá trị khác với chữ nhìn thấy, nên phần mềm khác có thể hiện khác.",
    "The field “{field}” on page {page} holds another value than the words that are seen: other software may "
    "show it.",
)
NOT_COMPARED = Text(
    "Không so sánh được các trang với lúc ký, nên chưa xác nhận được nội dung còn nguyên.",
    "The pages could not be compared with what was signed, so it is not confirmed that they are unchanged.",
)
SEED_VALUES = Text(
    "Chữ ký không theo đúng điều kiện mà ô ký đặt ra.",
    "The signature does not meet the conditions set by its field.",
)
WAS_REVOKED = Text(
    "Chứng thư số đã bị thu hồi trước thời điểm ký.", "The certificate had been revoked before the signing."
)
SIGNED_AFTER_LOSS = Text(
    "Ký sau ngày khóa được báo là có thể đã lộ ({day}), nên chưa chắc chính người này ký. "
    "Hãy hỏi lại người ấy.",
    "Signed after the day since which the key may have been known to others ({day}): it is not certain that "
    "this person signed. Ask them.",
)
OLD_ALGORITHM = Text(
    "Chữ ký dùng thuật toán cũ, không còn đủ an toàn để tin.",
    "The signature uses an old algorithm that is no longer safe to trust.",
)
OTHER_KIND = Text(
    "Chữ ký thuộc loại mà hệ thống này không kiểm tra được.",
    "The signature is of a kind this system cannot check.",
)
UNKNOWN_ISSUER = Text(
    "Không biết nơi cấp chứng thư số, nên không xác nhận được người ký.",
    "The issuer of the certificate is not known, so the signer cannot be confirmed.",
)
NOT_YET_VALID = Text(
    "Khi ký, chứng thư số chưa có hiệu lực.", "The certificate was not yet valid at the time of signing."
)
HAD_ENDED = Text("Khi ký, chứng thư số đã hết hạn.", "The certificate had expired at the time of signing.")
ENDED_SINCE = Text(
    "Chứng thư số nay đã hết hạn và chữ ký không có dấu thời gian, nên không biết ký lúc còn hạn hay không.",
    "The certificate has expired since. Without a time-stamp, whether it was valid then is not known.",
)
OTHER_PURPOSE = Text(
    "Chứng thư số không được cấp để ký văn bản.", "The certificate was not issued for signing documents."
)
DECEPTIVE_NAME = Text(
    "Tên trên chứng thư số có ký tự ẩn hoặc chữ cái giống chữ khác, nên có thể bị nhầm với người khác.",
    "The name in the certificate has hidden characters or letters that look like others: it may pass for "
    "somebody else's.",
)
REVOCATION_UNKNOWN = Text(
    "Không kiểm tra được chứng thư số có bị thu hồi hay không: tệp không kèm thông tin này.",
    "Whether the certificate was revoked cannot be checked: the file brings no information on it.",
)
FALSE_TIMESTAMP = Text(
    "Dấu thời gian không thuộc về chữ ký này hoặc đã bị sửa.",
    "The time-stamp does not belong to this signature or was changed.",
)
UNKNOWN_TIMESTAMP = Text(
    "Không kiểm tra được nơi cấp dấu thời gian, nên không xác nhận được thời điểm ký.",
    "The issuer of the time-stamp cannot be checked, so the time of signing cannot be confirmed.",
)
TAKEN_OFF = Text(
    "Tệp đã từng được ký, nhưng chữ ký bị gỡ khỏi ô ký.",
    "The file was signed once, but the signature was taken off its field.",
)
STRAY = Text(
    "Trong tệp có phần giống chữ ký nhưng không thuộc ô ký nào.",
    "The file holds something like a signature that belongs to no signature field.",
)

LOOSE_END = Text(
    "Sau chữ ký cuối có phần dữ liệu không thuộc cấu trúc của tệp.",
    "Behind the last signature there is data that does not belong to the structure of the file.",
)
IDLE_UPDATE = Text(
    "Giữa các chữ ký có phần được thêm vào mà không ai ký và không dùng đến trong tệp.",
    "Between the signatures something was added that nobody signed and that the file makes no use of.",
)
READERS_DISAGREE = Text(
    "Cấu trúc tệp không rõ ràng: các phần mềm khác nhau có thể hiển thị khác nhau.",
    "The structure of the file is ambiguous: different software may show different things.",
)
BYTES_BEFORE = Text(
    "Trước phần đầu của tệp PDF có dữ liệu lạ.", "There is foreign data before the beginning of the PDF."
)

# --- the file --------------------------------------------------------------------------------------------

VALID = Text("Chữ ký đúng, nội dung còn nguyên", "Valid, unchanged")
VALID_WITH_MORE = Text(
    "Chữ ký đúng; có phần ký thêm ở chỗ trống", "Valid; signatures were added at blank places"
)
ALTERED = Text("Không dùng được: tệp đã bị sửa sau khi ký", "Do not use: changed after signing")
BROKEN = Text(
    "Không dùng được: có chữ ký hỏng hoặc không có hiệu lực",
    "Do not use: a signature is damaged or not effective",
)
UNKNOWN = Text("Chưa xác định: chưa đủ căn cứ để tin", "Not determined: not enough to trust it")
UNKNOWN_BY_ISSUER = Text("Chưa xác định: không biết nơi cấp chứng thư", "Not determined: unknown issuer")
UNSIGNED = Text("Tệp không có chữ ký số", "Not signed")
UNREADABLE = Text("Không đọc được tệp", "Unreadable file")

SAME_AS_SIGNED = Text(
    "Tệp này đúng như lúc {people} ký.", "This file is just as it was when {people} signed it."
)
HELD_BY = Text(
    "Mọi điều {people} đã ký vẫn còn nguyên trong tệp này.",
    "All that {people} signed is unchanged in this file.",
)
FILLED_SINCE = Text(
    "Mỗi người ký sau chỉ điền vào ô dành sẵn cho mình.",
    "Each later signer only filled the places kept free for them.",
)
ADDED_SINCE = Text(
    "Sau đó có chữ ký đặt thêm ở chỗ trống, không đè lên nội dung nào; hãy xem ai ký và ký ở đâu.",
    "Later signatures were placed on blank paper, over nothing; see who placed them and where.",
)
ADDED_BY = Text(
    "Có phần ký thêm ở chỗ trống trang {page}; phần này do {who} thêm, người ký trước chưa thấy.",
    "A signature was added at a blank place on page {page}, by {who}; who signed before had not seen it.",
)
ARCHIVED_SINCE = Text(
    "Sau chữ ký cuối chỉ có thêm dấu thời gian lưu trữ, là việc được phép.",
    "After the last signature only archive time-stamps were added, which is allowed.",
)
NO_LEGAL_FORCE = Text(
    "Chứng thư thử nghiệm: kết quả này đúng về kỹ thuật, không có giá trị pháp lý.",
    "Development certificates: this result is technically right and has no legal force.",
)
LOOKS_OTHERWISE = Text(
    "Trang {pages} nhìn khác với trang mà {people} đã ký. Chỗ khác được khoanh trong các hình ở dưới.",
    "Page {pages} looks different from what {people} signed. What differs is marked in the pictures below.",
)
PAGES_GONE = Text(
    "Trang {pages} mà {people} đã ký không còn trong tệp.",
    "Page {pages} of what {people} signed is no longer in the file.",
)
LOOK_OTHERWISE = Text(
    "Các trang {pages} nhìn khác với trang mà {people} đã ký. Chỗ khác được khoanh trong các hình ở dưới.",
    "Pages {pages} look different from what {people} signed. What differs is marked in the pictures below.",
)
"""Of several pages."""
IN_SIGNATURE_OF = Text("Chữ ký của {name}: {why}", "Signature of {name}: {why}")
IN_TIMESTAMP_OF = Text("Dấu thời gian của {name}: {why}", "Time-stamp of {name}: {why}")
"""Which of several signatures a sentence about “this signature” speaks of."""
FETCH_AGAIN = Text(
    "Đừng dùng tệp này; hãy lấy lại tệp gốc từ nơi phát hành.",
    "Do not use this file; fetch the original from where it was issued.",
)
ASK_ISSUER = Text(
    "Hãy hỏi nơi gửi tệp trước khi dùng.", "Ask where the file came from before you rely on it."
)
NOBODY_SIGNED = Text(
    "Đây là tệp PDF đọc được nhưng chưa ai ký số. Nếu cần bản có chữ ký, hãy lấy lại từ nơi phát hành.",
    "This PDF can be read but nobody signed it. If you need a signed copy, fetch it from its issuer.",
)
ONLY_TIMESTAMPS = Text(
    "Tệp chỉ có dấu thời gian, không có chữ ký của người hay cơ quan nào.",
    "The file holds time-stamps only, and no signature of a person or an office.",
)
NO_PDF = Text(
    "Đây không phải tệp PDF. Hãy chọn tệp PDF đã ký.", "This is no PDF file. Choose the signed PDF."
)
ENCRYPTED = Text(
    "Tệp phải có mật khẩu mới mở được nên không kiểm tra được ở đây. Hãy xin bản mở được mà không cần "
    "mật khẩu.",
    "The file opens with a password only and cannot be checked here. Ask for a copy that opens without one.",
)
DAMAGED_FILE = Text(
    "Tệp bị hỏng, tải về chưa hết hoặc có dữ liệu lạ xen vào. Hãy tải lại từ nơi phát hành rồi kiểm tra "
    "lần nữa.",
    "The file is damaged, incomplete, or holds foreign data. Fetch it again from its issuer and check once "
    "more.",
)
TOO_LARGE = Text(
    "Tệp quá lớn hoặc quá phức tạp để kiểm tra ở đây.",
    "The file is too large or too complex to be checked here.",
)

ONE_PERSON = Text("một người", "one person")
MANY_PEOPLE = Text("{count} người", "{count} people")
NUMBERS = (
    Text("hai", "two"),
    Text("ba", "three"),
    Text("bốn", "four"),
    Text("năm", "five"),
    Text("sáu", "six"),
    Text("bảy", "seven"),
    Text("tám", "eight"),
    Text("chín", "nine"),
    Text("mười", "ten"),
)
"""From two on."""
