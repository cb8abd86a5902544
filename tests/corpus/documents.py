"""Small PDF, DOCX, Parquet and ZIP files, by other writers where there is one, by hand where a writer would be too polite."""

import io
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def printed_pdf(pages: Iterable[str], *, password: str | None = None, size: int = 11, compress: bool = True) -> bytes:
    """As a program prints: paragraphs between blank lines, justified; a line that begins with # is a heading."""
    from fpdf import FPDF
    from fpdf.enums import EncryptionMethod

    pdf = FPDF()
    pdf.set_compression(compress)
    if password is not None:
        pdf.set_encryption(owner_password="owner", user_password=password, encryption_method=EncryptionMethod.AES_256)
    for page in pages:
        pdf.add_page()
        for paragraph in page.split("\n\n"):
            heading = paragraph.startswith("# ")
            pdf.set_font("Helvetica", size=18 if heading else size)
            pdf.multi_cell(0, 6, paragraph.removeprefix("# "), align="L" if heading else "J", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(4)
    return bytes(pdf.output())


def raw_pdf(objects: dict[int, bytes], *, root: int = 1, xref: bool = True, extra: bytes = b"", version: bytes = b"1.4") -> bytes:
    """Objects as they are given, with a table of their places."""
    out = io.BytesIO()
    out.write(b"%PDF-" + version + b"\n")
    places = {}
    for number, body in objects.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    if xref:
        last = max(objects, default=0)
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (last + 1))
        for number in range(1, last + 1):
            out.write(b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if number in places else b"f"))
        out.write(b"trailer\n<< /Size %d /Root %d 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (last + 1, root, extra, start))
    return out.getvalue()


def stream(data: bytes, *, flate: bool = False, more: bytes = b"", length: int | None = None) -> bytes:
    body = zlib.compress(data, 9) if flate else data
    head = b"<< /Length %d %s %s>>" % (len(body) if length is None else length, b"/Filter /FlateDecode" if flate else b"", more)
    return head + b"\nstream\n" + body + b"\nendstream"


def simple_pdf(content: bytes, *, flate: bool = False, page: bytes = b"", **more: Any) -> bytes:
    """One page in Helvetica with this content stream."""
    return raw_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> "
            + page
            + b">>",
            4: stream(content, flate=flate),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        },
        **more,
    )


def lines_pdf(lines: Iterable[str]) -> bytes:
    """Text placed line by line, 14 points apart."""
    shown = b" ".join(b"(" + line.encode("latin-1") + b") Tj T*" for line in lines)
    return simple_pdf(b"BT /F1 11 Tf 14 TL 72 720 Td " + shown + b" ET")


def docx(
    body: str, parts: dict[str, str | bytes] | None = None, *, head: str = "", words: str = W, compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A Word document with this XML between its body tags. `words` declares the prefix w."""
    document = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{head}<w:document {words}><w:body>{body}</w:body></w:document>'
    return zipped({"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": document} | (parts or {}), compression=compression)


def paragraph(text: str, properties: str = "") -> str:
    return f'<w:p>{f"<w:pPr>{properties}</w:pPr>" if properties else ""}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def zipped(members: dict[str, str | bytes], *, compression: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.comment = comment
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = compression
            archive.writestr(info, content)
    return out.getvalue()


def parquet(columns: dict[str, Any], *, compression: str = "snappy", **more: Any) -> bytes:
    import pyarrow
    from pyarrow import parquet as writer

    out = io.BytesIO()
    table = columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns)
    writer.write_table(table, out, compression=compression, **more)
    return out.getvalue()
