"""What the README of a package of evidence says, in both languages."""

from __future__ import annotations

from models.text import Text

HEAD = (
    Text(
        "HỒ SƠ SỐ: GÓI CHỨNG CỨ",
        "EVIDENCE OF ONE RECORD",
    ),
    Text(
        "{title}\nLoại: {type}. Số: {number}. Người soạn: {owner}. Mã hồ sơ: {id}. Xuất lúc {at}. "
        "Tình trạng lúc xuất: {status}.",
        "{title}\nType: {type}. Number: {number}. Author: {owner}. Id: {id}. Exported {at}. "
        "Status then: {status}.",
    ),
    Text(
        "Mở trình dòng lệnh (Terminal; trên Windows: Git Bash) tại thư mục đã giải nén, rồi chạy từng "
        "dòng sau dấu $. Không cần phần mềm Hồ Sơ Số: chỉ cần sh, openssl (từ bản 3.0), cat, printf, "
        "cmp.\nMỗi lệnh kết thúc im lặng, báo OK hoặc in điều phần ấy nêu là đúng; báo lỗi, in tên tệp hay "
        "báo “differ” là sai. Ngay sau lệnh có thể gõ: echo $? (0 là đúng).",
        "Open a terminal (on Windows: Git Bash) in the unpacked folder and run each line after the $. "
        "None of our software is needed: only sh, openssl (3.0 or later), cat, printf, cmp.\nA command "
        "that ends silently, with OK or with what its section speaks of says yes; an error, the name of a "
        "file or “differ” says no. Right after a command type: echo $? (0 is yes).",
    ),
)
MANIFEST = Text(
    "Các tệp trong gói",
    "The files of this package",
)
MANIFEST_WORDS = Text(
    "manifest.sha256 ghi mã SHA-256 của mọi tệp. Lệnh tính lại và so sánh. Bản kê chỉ phát hiện hỏng hóc "
    "khi chép; các phần sau mới chứng minh nội dung.",
    "manifest.sha256 holds the SHA-256 of every file; the command counts them again. This finds damage in "
    "copying; what follows is what proves the content.",
)
EVENTS = Text(
    "Chuỗi sự kiện",
    "The chain of events",
)
EVENTS_WORDS = Text(
    "events/001.json … là nguyên văn từng việc đã xảy ra. Mỗi tệp mang mã của tệp trước ở “previous”; mã "
    "của tệp cuối nằm trong events/head.txt. Sửa, bớt, thêm hay đổi chỗ một việc là đứt chuỗi. events.txt "
    "chỉ để đọc cho dễ, không lệnh nào chứng minh nó: việc gì (“action”), ai (“actor_id”), lúc nào (“at”) "
    "thì xem events/NNN.json.",
    "events/001.json … are the very words that were hashed, one file for each event. Each names the hash "
    "of the one before as “previous”; events/head.txt holds the hash of the last. To change, drop, add or "
    "move one breaks the chain. events.txt is for reading only and proven by no command: what was done "
    "(“action”), by whom (“actor_id”) and when (“at”) stands in events/NNN.json.",
)
LISTED = Text(
    "Bản liệt kê cho dễ đọc. Không lệnh nào chứng minh tệp này: nếu khác thì events/NNN.json mới đúng.",
    "A list for reading. No command proves this file: where it differs, events/NNN.json counts.",
)
REMARKS = Text(
    "Lời nhận xét",
    "Remarks",
)
REMARKS_WORDS = Text(
    "Lời nhận xét nằm ngoài sự kiện để có thể xóa theo luật; sự kiện chỉ giữ mã của nó ở “remark_hash”. "
    "Trong tệp: chuỗi ngẫu nhiên, lời nhận xét, nhận xét từng phần.",
    "Remarks stand beside the events so that they can be erased as the law asks; an event holds only the "
    "hash, “remark_hash”. In each file: a random string, the words, the words on single parts.",
)
ERASED = Text(
    "Lời nhận xét đã xóa",
    "Erased remarks",
)
ERASED_WORDS = Text(
    "Có lời nhận xét đã được xóa hợp lệ; sự kiện vẫn giữ mã của nó, nội dung không còn ở đâu nữa.",
    "Some remarks were lawfully erased; their events still hold the hash, the words are nowhere any more.",
)
FILES = Text(
    "Các bản của tệp",
    "The files",
)
FILES_WORDS = Text(
    "files/NNN.pdf là tệp do sự kiện NNN tạo ra; mã của nó nằm ở “output_blob” của sự kiện ấy. Lệnh đầu: "
    "sự kiện nêu tệp nào thì có đủ tệp ấy; lệnh thứ hai: đúng tệp ấy. document.pdf là bản hiện nay, có mọi "
    "chữ ký (lệnh cuối).",
    "files/NNN.pdf is the file that event NNN brought forth; the event names its hash as “output_blob”. "
    "First command: every file an event names is there; second: it is that very file. document.pdf is the "
    "present one with all its signatures (last command).",
)
DESTROYED = Text(
    "Tệp đã hủy",
    "Destroyed files",
)
DESTROYED_WORDS = Text(
    "Hồ sơ đã được hủy theo danh mục được phê duyệt (sự kiện cuối cùng): chỉ còn chuỗi sự kiện.",
    "The record was destroyed by an approved list (its last event): only the chain of events is left.",
)
CERTIFICATES = Text(
    "Chứng thư và danh sách thu hồi",
    "Certificates and revocation lists",
)
CERTIFICATES_WORDS = Text(
    "Ghép chứng thư gốc với danh sách thu hồi để kiểm tra dấu thời gian: embedded.pem là danh sách nằm trong "
    "chính tệp; present.pem là danh sách mới nhất khi xuất.",
    "Puts the root certificates and the revocation lists together, to check time-stamps with: embedded.pem "
    "are the lists inside the file; present.pem are the newest at the export.",
)
ANSWERS = Text(
    "Câu trả lời OCSP",
    "OCSP answers",
)
ANSWERS_WORDS = Text(
    "Nơi cấp đã trả lời về từng chứng thư khi ký; câu trả lời nằm trong tệp. Mỗi lệnh kiểm tra chữ ký của "
    "nơi trả lời và in nội dung: “Serial Number” là chứng thư nào, “Cert Status” phải là good, hoặc revoked "
    "sau lúc ký.",
    "When something was signed its issuer answered for the certificate, and the file holds the answer. Each "
    "command checks who signed the answer and prints it: “Serial Number” says of which certificate, “Cert "
    "Status” must be good, or revoked after the signature.",
)
SIGNATURE = Text(
    "Chữ ký ở ô “{field}”",
    "Signature in field “{field}”",
)
SIGNATURE_WORDS = Text(
    "Dấu thời gian: {at}. Các lệnh lần lượt: signed.bin là document.pdf bỏ đúng chỗ của chữ ký này; chữ ký "
    "đúng, chứng thư còn hiệu lực và chưa bị thu hồi vào lúc ấy, theo danh sách thu hồi có trong tệp khi ký "
    "(lists.pem); in ra người ký (CN) và số của chứng thư; sự kiện ghi đúng chứng thư và người này; "
    "value.bin là trị số của chữ ký; dấu thời gian đóng trên nó; in ra giờ của dấu thời gian (GMT, giờ Việt "
    "Nam trừ 7 giờ).",
    "Time-stamp: {at}. The commands in turn: signed.bin is document.pdf without the place of this very "
    "signature; the signature is right, its certificate was good and not revoked then, by the lists that "
    "stood in the file when it was signed (lists.pem); prints who signed (CN) and the certificate's number; "
    "the event names this certificate and person; value.bin is the signature's value; the time-stamp is on "
    "that; prints the time in the time-stamp (GMT, 7 hours behind Vietnam).",
)
STAMP = Text(
    "Dấu thời gian lưu trữ “{field}”",
    "Archive time-stamp “{field}”",
)
STAMP_WORDS = Text(
    "Đóng lúc {at} trên toàn bộ tệp cho đến chỗ này, kể cả các chữ ký và bằng chứng kèm theo: nó giữ cho "
    "chúng còn chứng minh được sau khi chứng thư hết hạn.",
    "Made {at} over the whole file up to there, signatures and their evidence included: by it they still "
    "prove after their certificates end.",
)
ROOTED = Text(
    "Gốc",
    "The root",
)
ROOTED_WORDS = Text(
    "leaf.txt cam kết sự kiện số {seq} của hồ sơ (hồ sơ nay có {last} sự kiện; phần sau đó chưa được gốc "
    "nào chứng minh, sẽ vào gốc kế tiếp). Đi theo path.txt lên đến gốc ở dòng đầu của roots.txt; mỗi dòng "
    "kết thúc bằng mã của dòng trước. Mã của gốc mới nhất, số {number}, là {hash}: nhà trường nhận mã ấy "
    "trong thư tổng hợp tuần, hãy hỏi và so. Dấu thời gian trên gốc chứng minh hồ sơ đã có như vậy vào "
    "lúc đó.",
    "leaf.txt commits to event {seq} of this record (it has {last} by now; what came after is proven by "
    "no root yet and stands in the next one). path.txt leads up to the root in the first line of "
    "roots.txt; each line ends with the hash of the line before. The hash of the newest root, number "
    "{number}, is {hash}: the school has it in its weekly mail; ask for it and compare. The time-stamps "
    "on the roots prove that the record was like this then.",
)
NO_ROOT = Text(
    "Chưa có gốc",
    "No root yet",
)
NO_ROOT_WORDS = Text(
    "Hồ sơ chưa được một gốc nào cam kết; gốc được lập ít nhất mỗi ngày một lần. Vì vậy gói này chưa "
    "chứng minh được rằng chuỗi sự kiện không bị viết lại toàn bộ; riêng chữ ký và dấu thời gian trong tệp "
    "PDF thì đã chứng minh được. Xuất lại gói này từ ngày mai.",
    "No root commits to this record yet; one is made at least once a day. So this package does not "
    "prove yet that the chain of events was not written anew as a whole; the signatures and time-stamps in "
    "the PDF prove by themselves already. Export again from tomorrow on.",
)
TRUST = Text(
    "Tin vào đâu",
    "What all this rests on",
)
TRUST_WORDS = Text(
    "Mọi kết luận dựa vào certificates/roots.pem. Lấy chứng thư gốc từ chính nơi cấp và so mã SHA-256 mà "
    "lệnh in ra, của từng chứng thư: thừa một chứng thư lạ là gói không tin được. Chứng thư ghi DEVELOPMENT "
    "do phần mềm tự cấp để thử, không có giá trị pháp lý.",
    "Everything rests on certificates/roots.pem. Have the root from its issuer and compare the SHA-256 the "
    "command prints, of each certificate: with a strange one among them nothing here can be believed. A "
    "certificate marked DEVELOPMENT is the software's own, for trying out, without legal force.",
)
BEYOND = Text(
    "Điều gói này không chứng minh, và xem ở đâu",
    "What this does not prove, and where to look",
)
BEYOND_WORDS = Text(
    "Các lệnh trên không xem nội dung trang. Mỗi chữ ký chỉ giữ phần tệp có trước nó; muốn biết phần thêm "
    "sau đó (chữ ký kế tiếp, số, ngày) có làm đổi chữ trên trang hay không, hãy mở lần lượt từng "
    "files/NNN.pdf để so, hoặc đưa document.pdf vào một trình kiểm tra chữ ký PDF (trang “Kiểm tra chữ ký” "
    "của nhà trường, Adobe Reader). Tên trong chứng thư do nơi cấp chứng nhận; nội dung hồ sơ có đúng sự "
    "thật hay không thì không chữ ký nào nói được. Gói chỉ ghi tình trạng đến lúc xuất: sau đó hồ sơ có bị "
    "thay, rút hay hủy hay không, hãy hỏi nhà trường hoặc quét mã QR trên bản in. Mỗi lệnh dưới đây kiểm "
    "tra một danh sách thu hồi có đúng do nơi cấp ký hay không, rồi in các chứng thư đã bị thu hồi (Serial "
    "Number, Revocation Date): chữ ký có dấu thời gian trước lúc thu hồi vẫn đúng; riêng khi lý do là Key "
    "Compromise, hãy hỏi thêm nhà trường khóa bị lộ từ lúc nào.",
    "No command above looks at the pages. Each signature holds only the part of the file before it; to see "
    "whether what was added later (the next signature, number, date) changes the words on a page, open one "
    "files/NNN.pdf after the other, or give document.pdf to any checker of PDF signatures (the school's "
    "page “Verify signatures”, Adobe Reader). The name in a certificate is vouched for by its issuer; "
    "whether what the record says is true no signature tells. The package knows nothing after its export: "
    "ask the school, or scan the QR code of a print, whether the record was replaced, withdrawn or "
    "destroyed since. Each command below checks that a revocation list was signed by its issuer, and prints "
    "the certificates that were revoked (Serial Number, Revocation Date): a signature time-stamped before "
    "that stays good; but where the reason is Key Compromise, ask the school since when the key was out.",
)
