"""Legal texts, Markdown and HTML: charsets, line ends, markup that browsers forgive."""

from collections.abc import Iterator

from tests.corpus.cases import Legal
from tests.corpus.pieces import PROSE

_CHARSETS = (
    *(("german", "cp1252"), ("french", "cp1252"), ("spanish", "cp1252"), ("german", "iso-8859-1"), ("russian", "cp1251")),
    *(("russian", "koi8-r"), ("greek", "cp1253"), ("hebrew", "cp1255"), ("arabic", "cp1256"), ("japanese", "shift_jis")),
    *(("japanese", "euc-jp"), ("chinese", "gb18030"), ("taiwanese", "big5"), ("korean", "euc-kr"), ("polish", "cp1250")),
    *(("czech", "cp1250"), ("czech", "iso-8859-2"), ("turkish", "cp1254"), ("russian", "cp866"), ("german", "mac-roman")),
)


_DECLARED = (
    ("cp1251", "windows-1251", "russian"),
    ("cp932", "shift_jis", "japanese"),
    ("cp1252", "iso-8859-1", "french"),
    ("gb18030", "gb2312", "chinese"),
    ("iso-2022-jp", "iso-2022-jp", "japanese"),
    ("koi8-r", "koi8-r", "russian"),
)


def _texts() -> Iterator[Legal]:
    text = PROSE["german"]

    def case(name: str, content: bytes, has: str = "große Becken", number: int = 1) -> Legal:
        return Legal(name, content, "txt", "text", number, has)

    yield case("bom.txt", b"\xef\xbb\xbf" + text.encode())
    yield case("crlf.txt", f"Erste Zeile\r\n\r\n{text}\r\n".encode())
    yield case("old mac line ends.txt", f"Erste Zeile\r\r{text}\r".encode(), "Erste Zeile\n\n")
    yield case("no end of line.txt", text.encode())
    yield case("UPPER.TXT", text.encode())
    yield case("no suffix", text.encode())
    yield case("Grüße, 你好 – ملف.txt", text.encode())
    yield case("--help.txt", text.encode())
    yield case("server.log", f"2026-01-01 12:00:00 INFO {text}\n".encode())
    yield case("a few control characters.txt", (text + "\f\x0b\x1b[0m" + text).encode())
    yield case("emoji and marks.txt", ("👩‍👩‍👧‍👦 e\u0301 \u200d \ufeff zażółć 𝔘𝔫𝔦 " + text).encode())
    yield case("one long line.txt", (text + " ").encode() * 2_000, number=161)
    yield case("looks like json but is not.txt", b"{The pump} runs in the large Becken, [as said] before.", "{The pump}")
    yield case("footnotes first.txt", b"[1] Smith, The Pump, 1998.\n[2] Jones, Water, 2001.", "[1] Smith")
    yield case("commas everywhere.txt", b"Apples, pears, plums.\nWell, yes, of course.\nNo, never, not once.", "pears")
    yield case("text called pdf.pdf", text.encode())
    yield case("text called docx.docx", text.encode())
    yield case("mentions magic.txt", b"The bytes %PDF-1.7 begin a PDF, PK a ZIP, PAR1 a table.", "PAR1")


def _charsets() -> Iterator[Legal]:
    yield Legal("japanese in escapes.txt", PROSE["japanese"].encode("iso2022_jp"), "txt", "text", 1, PROSE["japanese"][5:40])
    yield Legal("a short note in gbk.txt", "水泵整天运转".encode("gbk"), "txt", "text", 1, "整天")
    yield Legal("typographic quotes.txt", "He said “hello”, and it’s fine… the pump runs".encode("cp1252"), "txt", "text", 1, "“hello”")
    yield Legal("thai in tis-620.txt", PROSE["thai"].encode("tis-620"), "txt", "text", 1, PROSE["thai"][5:40])
    yield Legal("ukrainian in koi8-u.txt", PROSE["ukrainian"].encode("koi8-u"), "txt", "text", 1, PROSE["ukrainian"][5:40])
    for language, charset in _CHARSETS:
        text = PROSE[language]
        yield Legal(f"{language} in {charset}.txt", (text + "\n").encode(charset) * 3, "txt", "text", 1, text[5:40])
    for charset in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"):
        for language in ("german", "russian", "chinese") if charset.startswith("utf-16") else ("german",):
            text = PROSE[language]
            yield Legal(f"{language} in {charset}.txt", (text + "\n").encode(charset) * 3, "txt", "text", 1, text[5:40])
    yield Legal("big endian with a mark.txt", ("\ufeff" + PROSE["german"]).encode("utf-16-be"), "txt", "text", 1, "große Becken")
    late = b"A plain line of ASCII.\n" * 5_000 + PROSE["french"].encode("cp1252") + b"\n"
    yield Legal("the first accent comes late.txt", late, "txt", "text", 81, "A plain line")


def _markdown() -> Iterator[Legal]:
    yield Legal("headings.md", b"# Pumps\n\nThey pump.\n\n# Taps\n\nThey drip.\n", "md", "text", 2, "They pump")
    yield Legal("setext.markdown", b"Pumps\n=====\n\nThey pump.\n\nTaps\n----\n\nThey drip.\n", "md", "text", 2, "They pump")
    yield Legal("code.md", b"Run:\n\n```sh\n# not a heading\npump --on\n```\n", "md", "text", 1, "# not a heading")
    yield Legal("front matter.md", b"---\ntitle: Pumps\n---\n\nThey pump.\n", "md", "text", 1, "They pump")
    yield Legal("a table of pairs.md", b"| question | answer |\n|---|---|\n| Why? | So. |\n| And? | Yes. |\n", "md", "text", 1, "So.")
    yield Legal("html inside.md", b'<div align="center">\n\n# Pumps\n\n</div>\n\nThey pump.', "md", "text", 2, "<div")


def _pages() -> Iterator[Legal]:
    def case(name: str, html: str, has: str, charset: str = "utf-8", number: int = 1) -> Legal:
        return Legal(name, html.encode(charset), "html", "text", number, has)

    body = "<h1>Pumps</h1><p>The&nbsp;pump   runs &amp; hums &mdash; l&auml;uft.</p>"
    yield case("page.html", f"<!DOCTYPE html><html><body>{body}</body></html>", "The pump runs & hums — läuft.")
    yield case("no frame at all.html", body, "The pump runs & hums")
    yield case("never closed.htm", "<html><body><h1>Pumps<p>One<p>Two<ul><li>a<li>b", "- a\n- b")
    yield case("called text.txt", f"<!doctype html><title>T</title>{body}", "The pump runs & hums")
    yield case("called pdf.pdf", f"<html><head><title>Not found</title></head><body>{body}</body></html>", "The pump runs & hums")
    yield case("scripts.html", f"<html><script>var a='<p>no</p>';</script><style>p{{}}</style>{body}<script>no()</script>", "The pump runs")
    yield case("comments.html", f"<!-- a --><!-- <p>no</p> --><html>{body}</html>", "The pump runs")
    yield case(
        "table.html",
        "<html><table><tr><th>Part</th><th>Use</th></tr><tr><td>Pump</td><td>runs</td></tr></table>",
        "Part | Use\nPump | runs",
    )
    yield case(
        "table in table.html",
        "<html><table><tr><td><table><tr><td>inner</td><td>cell</td></tr></table></td><td>outer</td></tr></table>",
        "inner",
    )
    yield case("layout by tables.html", "<html><table><tr><td><h1>Pumps</h1><p>One.</p><p>Two.</p></td></tr></table>", "One.\nTwo.")
    yield case("kept space.html", "<html><pre>if a:\n    pump()</pre></html>", "if a:\n    pump()")
    yield case("list.html", "<html><ol><li>one<ul><li>deep</li></ul></li><li>two</li></ol>", "1. one\n  - deep\n2. two")
    yield case("deep.html", "<html>" + "<div>" * 3_000 + "The pump runs" + "</div>" * 3_000, "The pump runs")
    yield case(
        "xhtml.xhtml",
        f'<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'.replace(
            "&nbsp;", " "
        ),
        "The pump runs",
    )
    for charset, label, language in _DECLARED:
        page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={label}"></head><p>{PROSE[language]}</p></html>'
        yield case(f"says {label}.html", page, PROSE[language][:30], charset)
    yield case("says latin1 but is utf-8.html", f'<html><meta charset="iso-8859-1"><p>{PROSE["german"]}</p>', "große Becken")
    yield case("utf-16 page.html", f"<html><p>{PROSE['german']}</p></html>", "große Becken", "utf-16")
    yield case(
        "headings.html", "<html>" + "".join(f"<h2>Part {n}</h2><p>The pump runs.</p>" for n in range(5)), "Part 0\n\nThe pump", number=5
    )


MAKERS = (_texts, _charsets, _markdown, _pages)
