"""At least 120 files that are nasty but legal, each with what must be made of it without anybody's help."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.corpus import documents
from tests.corpus.cases import Legal

PROSE = {
    "german": "Die Pumpe läuft den ganzen Tag. Über Nacht füllt sich das große Becken für die Gärten und die Wäsche der Häuser.",
    "french": "L’été, où le garçon mangeait des gâteaux à la crème, s’achève déjà : voilà l’hiver, et personne n’a prévu de forêt.",
    "spanish": "El niño comió la piña mañana por la mañana; ¿quién lo vio? La señora, según dijo, está en su jardín con el pingüino.",
    "russian": "Это небольшой русский текст для проверки. Насос работает весь день, и вода поднимается на гору к старому дому.",
    "polish": "Zażółć gęślą jaźń. Pompa pracuje cały dzień, a woda płynie pod górę do domu, gdzie czekają ludzie i zwierzęta.",
    "czech": "Příliš žluťoučký kůň úpěl ďábelské ódy. Čerpadlo běží celý den a voda teče do kopce k domu, kde čekají lidé.",
    "greek": "Η αντλία δουλεύει όλη την ημέρα και το νερό ανεβαίνει στον λόφο προς το σπίτι, όπου οι άνθρωποι το περιμένουν.",
    "hebrew": "המשאבה עובדת כל היום והמים עולים במעלה הגבעה אל הבית, שם אנשים מחכים להם בשמש או בגשם במשך שעות ארוכות.",
    "arabic": "تعمل المضخة طوال اليوم وتصعد المياه إلى أعلى التل نحو البيت حيث ينتظرها الناس تحت الشمس أو المطر لساعات طويلة.",
    "japanese": "ポンプは一日中動いていて、水は丘の上の家まで上がっていきます。そこでは人々が日なたや雨の中で水を待っています。",
    "chinese": "水泵整天运转，水被送到山上的房子里，人们在阳光下或雨中等待着水。这是一个用来检查编码的小文本。",
    "taiwanese": "水泵整天運轉，水被送到山上的房子裡，人們在陽光下或雨中等待著水。這是一個用來檢查編碼的小文本。",
    "korean": "펌프는 하루 종일 돌아가고 물은 언덕 위의 집까지 올라갑니다. 그곳에서 사람들은 햇볕이나 빗속에서 물을 기다립니다.",
    "turkish": "Pompa bütün gün çalışır ve su tepedeki eve doğru çıkar; insanlar güneşte ya da yağmurda orada bekler. İğde ağacı.",
}
_CHARSETS = (
    *(("german", "cp1252"), ("french", "cp1252"), ("spanish", "cp1252"), ("german", "iso-8859-1"), ("russian", "cp1251")),
    *(("russian", "koi8-r"), ("greek", "cp1253"), ("hebrew", "cp1255"), ("arabic", "cp1256"), ("japanese", "shift_jis")),
    *(("japanese", "euc-jp"), ("chinese", "gb18030"), ("taiwanese", "big5"), ("korean", "euc-kr"), ("polish", "cp1250")),
    *(("czech", "cp1250"), ("czech", "iso-8859-2"), ("turkish", "cp1254"), ("russian", "cp866"), ("german", "mac-roman")),
)
PAIR = {"prompt": "Why does it hum?", "completion": "Because the pump runs."}
USER = {"role": "user", "content": "Why does it hum?"}
SAID = {"role": "assistant", "content": "Because the pump runs."}
HUM = "the pump runs"


def legal_files() -> list[Legal]:
    makers = (_texts, _charsets, _markdown, _pages, _tables, _tsv, _json, _json_lines, _chats, _preferences, _parquet, _pdf, _docx, _zip)
    files = [case for maker in makers for case in maker()]
    assert len({(case.format, case.name) for case in files}) == len(files), "names are what a failing test is known by"
    return files


def rows(header: Iterable[str], *lines: Iterable[str], **dialect: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", **dialect)
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue()


def json_lines(*values: Any, **options: Any) -> bytes:
    return b"".join(json.dumps(value, **options).encode() + b"\n" for value in values)


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
    for charset, label, language in (("cp1251", "windows-1251", "russian"), ("cp932", "shift_jis", "japanese"), ("cp1252", "iso-8859-1", "french"), ("gb18030", "gb2312", "chinese"), ("iso-2022-jp", "iso-2022-jp", "japanese"), ("koi8-r", "koi8-r", "russian")):  # fmt: skip
        page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={label}"></head><p>{PROSE[language]}</p></html>'
        yield case(f"says {label}.html", page, PROSE[language][:30], charset)
    yield case("says latin1 but is utf-8.html", f'<html><meta charset="iso-8859-1"><p>{PROSE["german"]}</p>', "große Becken")
    yield case("utf-16 page.html", f"<html><p>{PROSE['german']}</p></html>", "große Becken", "utf-16")
    yield case(
        "headings.html", "<html>" + "".join(f"<h2>Part {n}</h2><p>The pump runs.</p>" for n in range(5)), "Part 0\n\nThe pump", number=5
    )


def _tables() -> Iterator[Legal]:
    def case(name: str, text: str | bytes, shape: str = "prompt_completion", number: int = 2, has: str = HUM, format: str = "csv") -> Legal:
        return Legal(name, text if isinstance(text, bytes) else text.encode(), format, shape, number, has)

    answers = (["Why does it hum?", "Because the pump runs."], ["Is it loud, though?", 'It says "hmm".'])
    for first, second in (
        *(("prompt", "completion"), ("Question", "Answer"), ("QUESTION", "ANSWER"), ("input", "target"), ("source", "target")),
        *(("user", "assistant"), ("User Message", "Assistant Message"), ("instruction", "response"), ("query", "reply"), ("Q", "A")),
        *(("human", "bot"), ("input_text", "target_text"), ("userPrompt", "modelResponse"), ("problem", "solution"), ("front", "back")),
        *((" Prompt ", " Completion"), ("question", "best_answer"), ("inputs", "targets"), ("customer", "agent"), ("text", "response")),
    ):  # fmt: skip
        yield case(f"{first.strip()} and {second.strip()}.csv", rows((first, second), *answers))
    for delimiter, name in ((";", "semicolons"), ("|", "bars"), ("\t", "tabs")):
        text = rows(("question", "answer"), *answers, delimiter=delimiter)
        yield case(f"{name}.csv", text, format="tsv" if delimiter == "\t" else "csv")
    plain = rows(("question", "answer"), *answers)
    yield case("bom.csv", b"\xef\xbb\xbf" + plain.encode())
    yield case("excel unicode text.txt", rows(("question", "answer"), *answers, delimiter="\t").encode("utf-16"), format="tsv")
    yield case("excel unicode text.csv", rows(("question", "answer"), *answers, delimiter="\t").encode("utf-16"), format="tsv")
    yield case("names its separator.csv", "sep=;\n" + rows(("question", "answer"), *answers, delimiter=";"))
    yield case("called text.txt", plain)
    yield case("no suffix table", plain)
    yield case("windows line ends.csv", plain.replace("\n", "\r\n"))
    yield case("old mac line ends.csv", plain.replace("\n", "\r"))
    yield case("all quoted.csv", rows(("question", "answer"), *answers, quoting=csv.QUOTE_ALL))
    yield case("backslash quotes.csv", rows(("question", "answer"), *answers, doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL))
    yield case("line breaks inside.csv", rows(("question", "answer"), ["Why?\n\nReally, why?", "Because\nthe pump runs"], answers[1]))
    yield case("blank lines.csv", "\n\n" + plain.replace("\n", "\n\n"))
    yield case("ends in separators.csv", plain.replace("\n", ",\n"))
    yield case("written by pandas.csv", rows(("", "question", "answer"), ["0", *answers[0]], ["1", *answers[1]]))
    yield case("short rows.csv", 'question,answer,note\nWhy?,Because the pump runs.\nAnd?,"So, yes.",x\n')
    yield case(
        "many other columns.csv",
        rows(
            ("id", "date", "question", "tags", "answer", "score"),
            ["1", "2026", answers[0][0], "a", answers[0][1], "5"],
            ["2", "2026", "b", "", "c", ""],
        ),
    )
    yield case(
        "context.csv",
        rows(("context", "question", "answer"), ["The pump runs.", "Does it run?", "It does."], ["", "And now?", "No."]),
        has="The pump runs.\\n\\nDoes it run?",
    )
    yield case(
        "alpaca.csv",
        rows(("Instruction", "Input", "Output"), ["Say what hums.", "the pump runs", "The pump."], ["Say hi.", "", "Hi."]),
        has="Say what hums.\\n\\nthe pump runs",
    )
    yield case("text alone.csv", rows(("text",), ["The pump runs, always."], ["And now it stops."]), "text", has="pump runs, always")
    yield case("text and more.csv", rows(("id", "title", "text"), ["1", "Pumps", "the pump runs"], ["2", "Taps", "It drips."]), "text")
    yield case("content.csv", rows(("url", "title", "content"), ["a", "Pumps", "the pump runs"], ["b", "Taps", "It drips."]), "text")
    yield case("one column of any name.csv", rows(("proverb",), ["the pump runs dry."], ["Still waters run deep."]), "text")
    yield case(
        "messages as json.csv", rows(("id", "messages"), ["1", json.dumps([USER, SAID])], ["2", json.dumps([USER, SAID])]), "messages"
    )
    yield case(
        "chosen.csv",
        rows(("prompt", "chosen", "rejected"), ["Why?", "Because the pump runs.", "No."], ["And?", "Yes.", "No."]),
        "preference",
    )
    yield case(
        "french in windows-1252.csv",
        rows(("question", "answer"), ["Où ?", PROSE["french"]], ["Et là ?", "Déjà, voilà."]).encode("cp1252"),
        has="gâteaux",
    )
    yield case("semicolons with decimal commas.csv", 'question;answer;score\nHow hot?;"the pump runs at 80,5 °C";1,5\nAnd?;Cold.;0,5\n')
    yield case("a long field.csv", rows(("question", "answer"), ["Why?", "the pump runs " * 30_000], answers[1]))
    yield case("html in cells.csv", rows(("question", "answer"), ["<p>Why?</p>", "<b>the pump runs</b>"], answers[1]))


def _tsv() -> Iterator[Legal]:
    def case(name: str, text: str, has: str = HUM) -> Legal:
        return Legal(name, text.encode(), "tsv", "prompt_completion", 2, has)

    yield case("plain.tsv", "question\tanswer\nWhy?\tBecause the pump runs.\nAnd?\tSo.\n")
    yield case("plain.tab", "question\tanswer\nWhy?\tBecause the pump runs.\nAnd?\tSo.\n")
    yield case("tabs called csv.csv", "question\tanswer\nWhy, then?\tBecause the pump runs, so.\nAnd?\tSo.\n")
    yield case("a quote that is never closed.tsv", 'question\tanswer\nHow long?\t5" and the pump runs\n"Why\tSo.\n')
    yield case("quotes around words.tsv", 'question\tanswer\n"Hum" is what?\t"Hum" is when the pump runs\nAnd?\tSo.\n')
    yield case("quoted with tabs.tsv", 'question\tanswer\n"a\tb"\t"the pump runs\tso"\nAnd?\tSo.\n')


def _json() -> Iterator[Legal]:
    def case(name: str, value: Any, shape: str = "prompt_completion", number: int = 2, has: str = HUM, **options: Any) -> Legal:
        text = value if isinstance(value, bytes) else json.dumps(value, **options).encode()
        return Legal(name, text, "json", shape, number, has)

    two = [PAIR, {"prompt": "Is it loud?", "completion": "No."}]
    yield case("list.json", two)
    yield case("pretty.json", two, indent=4)
    for key in ("data", "examples", "train", "rows", "my own name"):
        yield case(f"under {key}.json", {"version": "1.0", key: two, "license": None}, indent=2)
    yield case("called text.txt", two)
    yield case("called jsonl.jsonl", two, indent=2)
    yield case("bom.json", b"\xef\xbb\xbf" + json.dumps(two).encode())
    yield case("utf-16.json", json.dumps(two).encode("utf-16"))
    yield case(
        "unescaped.json",
        json.dumps([{"text": PROSE["german"]}, {"text": PROSE["japanese"]}], ensure_ascii=False).encode(),
        "text",
        has="große",
    )
    yield case("escaped pairs.json", [{"text": "𝔘 the pump runs 😀"}, {"text": "b"}], "text")
    yield case("one object.json", PAIR, number=1, indent=1)
    yield case("objects one after the other.json", "\n".join(json.dumps(row, indent=2) for row in two).encode())
    yield case("columns of lists.json", {"prompt": [row["prompt"] for row in two], "completion": [row["completion"] for row in two]})
    yield case("columns by index.json", {key: {str(n): row[key] for n, row in enumerate(two)} for key in PAIR})
    yield case("rows by index.json", {str(n): row for n, row in enumerate(two)})
    yield case("split.json", {"columns": list(PAIR), "index": [0, 1], "data": [list(row.values()) for row in two]})
    yield case("texts.json", ["the pump runs", "It drips."], "text")
    yield case("lists of messages.json", [[USER, SAID], [USER, SAID]], "messages")
    yield case(
        "sharegpt.json",
        [{"id": n, "conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": HUM}]} for n in range(2)],
        "messages",
    )
    yield case("alpaca.json", [{"instruction": "Say", "input": None, "output": HUM}, {"instruction": "Say", "input": "x", "output": "y"}])
    yield case(
        "squad.json",
        {
            "data": [
                {
                    "id": "a",
                    "title": "Pumps",
                    "context": "The pump runs.",
                    "question": "Runs?",
                    "answers": {"text": ["the pump runs"], "answer_start": [0]},
                }
            ]
            * 2
        },
    )
    yield case("numbers as answers.json", [{"question": "2+2?", "answer": 4}, {"question": "1/2?", "answer": 0.5}], has='"4"')
    yield case("a key twice.json", b'[{"prompt":"x","prompt":"Why?","completion":"the pump runs"},{"prompt":"a","completion":"b"}]')
    yield case("deep beside.json", [{**PAIR, "meta": {"a": [{"b": [1, 2, {"c": None}]}]}}, PAIR])
    yield case(
        "old sharegpt.json", [{"id": "a", "items": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": HUM}]}] * 2, "messages"
    )


def _json_lines() -> Iterator[Legal]:
    def case(name: str, content: bytes, shape: str = "prompt_completion", number: int = 2, has: str = HUM) -> Legal:
        return Legal(name, content, "jsonl", shape, number, has)

    two = json_lines(PAIR, {"prompt": "Loud?", "completion": "No."})
    yield case("pairs.jsonl", two)
    yield case("pairs.ndjson", two)
    yield case("lines called json.json", two)
    yield case("lines called text.txt", two)
    yield case("lines called csv.csv", two)
    yield case("blank lines.jsonl", b"\n\n" + two.replace(b"\n", b"\n\n"))
    yield case("windows line ends.jsonl", two.replace(b"\n", b"\r\n"))
    yield case("old mac line ends.jsonl", two.replace(b"\n", b"\r"))
    yield case("no end of line.jsonl", two.rstrip())
    yield case("marked.jsonl", b"\xef\xbb\xbf" + two)
    yield case("utf-16.jsonl", two.decode().encode("utf-16"))
    yield case(
        "french in windows-1252.jsonl",
        json_lines({"text": PROSE["french"]}, ensure_ascii=False).decode().encode("cp1252") * 2,
        "text",
        has="gâteaux",
    )
    yield case("spaces around.jsonl", b"  " + two.replace(b"\n", b"  \n\t"))
    yield case("texts.jsonl", json_lines({"text": HUM, "meta": {"source": "x"}}, {"text": "b", "meta": None}), "text")
    yield case("texts with strange keys.jsonl", json_lines({"Content": HUM, "url": "x"}, {"Content": "b", "url": "y"}), "text")
    yield case("a long line.jsonl", json_lines({"text": "the pump runs " * 70_000}, {"text": "b"}), "text")
    yield case(
        "empty rows left out.jsonl", json_lines(PAIR, {"prompt": "a", "completion": ""}, {"prompt": " ", "completion": "b"}), number=1
    )
    yield case("unused numbers.jsonl", json_lines({**PAIR, "score": 1e308, "n": -0.0, "big": 2**63}, PAIR))
    yield case("gemini pairs.jsonl", json_lines({"text_input": "Why?", "output": HUM}, {"text_input": "a", "output": "b"}))
    yield case(
        "question and context.jsonl",
        json_lines({"context": "It hums.", "question": "Why?", "answer": HUM}, {"context": None, "question": "a", "answer": "b"}),
    )
    yield case(
        "dolly.jsonl",
        json_lines(
            {"instruction": "Say why.", "context": "It hums.", "response": HUM, "category": "qa"},
            {"instruction": "a", "context": "", "response": "b", "category": "x"},
        ),
    )
    yield case(
        "openorca.jsonl",
        json_lines(
            {"id": "1", "system_prompt": "Be brief.", "question": "Why?", "response": HUM},
            {"id": "2", "system_prompt": "", "question": "a", "response": "b"},
        ),
        has="Be brief.\\n\\nWhy?",
    )
    yield case("keys in changing order.jsonl", json_lines(PAIR, dict(reversed(PAIR.items()))))
    yield Legal("two shapes.jsonl", json_lines({"text": HUM}, PAIR), "jsonl", "text", 2, HUM)


def _chats() -> Iterator[Legal]:
    def case(name: str, *values: Any, has: str = HUM) -> Legal:
        return Legal(name, json_lines(*values), "jsonl", "messages", len(values), has)

    chat = {"messages": [{"role": "system", "content": "Be kind."}, USER, SAID]}
    yield case("openai.jsonl", chat, chat)
    yield case("weights.jsonl", {"messages": [USER, {**SAID, "weight": 0}, USER, {**SAID, "weight": 1}]}, has='"weight": 0')
    yield case("developer.jsonl", {"messages": [{"role": "developer", "content": "Be kind."}, USER, SAID]}, has='"system"')
    yield case("parts.jsonl", {"messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}, SAID]})
    call = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "pump", "arguments": "{}"}}],
    }
    yield case(
        "tools.jsonl",
        {"messages": [USER, call, {"role": "tool", "tool_call_id": "1", "content": "on"}, SAID], "tools": [{"type": "function"}]},
    )
    yield case(
        "functions.jsonl",
        {
            "messages": [
                USER,
                {"role": "assistant", "content": None, "function_call": {"name": "a", "arguments": "{}"}},
                {"role": "function", "name": "a", "content": "1"},
                SAID,
            ]
        },
    )
    human = [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": HUM}]
    yield case("sharegpt.jsonl", {"conversations": human})
    yield case("sharegpt with system.jsonl", {"system": "Be kind.", "conversations": human}, has="Be kind.")
    yield case(
        "sharegpt with tools.jsonl",
        {"conversations": [human[0], {"from": "function_call", "value": "{}"}, {"from": "observation", "value": "1"}, human[1]]},
    )
    yield case("begins with gpt.jsonl", {"conversations": [human[1], *human]})
    yield case("conversation.jsonl", {"conversation": human})
    yield case("turns by name.jsonl", {"conversation": [{"human": "Why?", "assistant": HUM}, {"human": "Loud?", "assistant": "No."}]})
    yield case("loud roles.jsonl", {"messages": [{"role": "User", "content": "Why?"}, {"role": "ASSISTANT", "content": HUM}]})
    yield case("anthropic.jsonl", {"system": "Be kind.", "messages": [USER, SAID]}, has="Be kind.")
    yield case("gemini.jsonl", {"contents": [{"role": "user", "parts": [{"text": "Why?"}]}, {"role": "model", "parts": [{"text": HUM}]}]})
    yield case("dialogue.jsonl", {"dialogue": [{"speaker": "user", "text": "Why?"}, {"speaker": "bot", "text": HUM}]})
    yield Legal("lists in lines.jsonl", json_lines([USER, SAID], [USER, SAID]), "jsonl", "messages", 2, HUM)
    yield case("conversation as text.jsonl", {"messages": json.dumps([USER, SAID])})


def _preferences() -> Iterator[Legal]:
    def case(name: str, value: Any, has: str = HUM) -> Legal:
        return Legal(name, json_lines(value, value), "jsonl", "preference", 2, has)

    bad = {"role": "assistant", "content": "No idea."}
    yield case(
        "openai preference.jsonl",
        {
            "input": {"messages": [USER], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [SAID],
            "non_preferred_output": [bad],
        },
    )
    yield case(
        "older openai preference.jsonl", {"input": {"messages": [USER]}, "preferred_completion": [SAID], "non_preferred_completion": [bad]}
    )
    yield case("trl texts.jsonl", {"prompt": "Why?", "chosen": HUM, "rejected": "No."})
    yield case("trl messages.jsonl", {"prompt": [USER], "chosen": [SAID], "rejected": [bad]})
    yield case("trl without prompt.jsonl", {"chosen": [USER, SAID], "rejected": [USER, bad]})
    yield case(
        "ultrafeedback.jsonl",
        {
            "prompt": "Why does it hum?",
            "prompt_id": "x",
            "chosen": [USER, SAID],
            "rejected": [USER, bad],
            "messages": [USER, SAID],
            "score_chosen": 8.0,
        },
    )
    yield case(
        "hh.jsonl",
        {
            "chosen": f"\n\nHuman: Why?\n\nAssistant: Which?\n\nHuman: This.\n\nAssistant: {HUM}",
            "rejected": "\n\nHuman: Why?\n\nAssistant: Which?\n\nHuman: This.\n\nAssistant: No.",
        },
    )
    yield case("orca.jsonl", {"system": "Be brief.", "question": "Why?", "chosen": HUM, "rejected": "No."}, has="Be brief.")
    yield case(
        "llama factory.jsonl",
        {
            "conversations": [{"from": "human", "value": "Why?"}],
            "chosen": {"from": "gpt", "value": HUM},
            "rejected": {"from": "gpt", "value": "No."},
        },
    )
    yield case(
        "alpaca preference.jsonl",
        {"instruction": "Say why.", "input": "It hums.", "chosen": HUM, "rejected": "No."},
        has="Say why.\\n\\nIt hums.",
    )


def _parquet() -> Iterator[Legal]:
    import pyarrow

    def case(name: str, columns: Any, shape: str = "prompt_completion", number: int = 2, has: str = HUM, **options: Any) -> Legal:
        return Legal(name, documents.parquet(columns, **options), "parquet", shape, number, has)

    pairs = {"prompt": ["Why?", "Loud?"], "completion": [HUM, "No."]}
    for compression in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
        yield case(f"{compression}.parquet", pairs, compression=compression)
    yield case("no suffix of its own.bin", pairs)
    yield case("called csv.csv", pairs)
    yield case("chat.parquet", {"messages": [[USER, SAID]] * 2}, "messages")
    yield case(
        "sharegpt.parquet",
        {"conversations": [[{"from": "human", "value": "Why?"}, {"from": "gpt", "value": HUM}]] * 2, "id": [1, 2]},
        "messages",
    )
    yield case("fields of messages.parquet", {"messages": [{"role": ["user", "assistant"], "content": ["Why?", HUM]}] * 2}, "messages")
    yield case(
        "preference.parquet",
        {"chosen": [[USER, SAID]] * 2, "rejected": [[USER, {"role": "assistant", "content": "No."}]] * 2},
        "preference",
    )
    yield case("dictionary.parquet", pyarrow.table({key: pyarrow.array(values).dictionary_encode() for key, values in pairs.items()}))
    yield case(
        "large strings.parquet", pyarrow.table({key: pyarrow.array(values, pyarrow.large_string()) for key, values in pairs.items()})
    )
    yield case("many row groups.parquet", {key: values * 500 for key, values in pairs.items()}, number=1_000, row_group_size=7)
    yield case("pictures beside.parquet", {**pairs, "image": [b"\xff\xd8", None], "score": [1.5, None]})
    yield case(
        "squad.parquet",
        {"context": ["The pump runs."] * 2, "question": ["Runs?"] * 2, "answers": [{"text": [HUM], "answer_start": [0]}] * 2},
    )
    yield case(
        "texts.parquet", {"text": [HUM, "b"], "url": ["a", "b"], "timestamp": pyarrow.array([0, 1], pyarrow.timestamp("ms"))}, "text"
    )


def _pdf() -> Iterator[Legal]:
    def case(name: str, content: bytes, number: int = 1, has: str = HUM) -> Legal:
        return Legal(name, content, "pdf", "text", number, has)

    page = "# Pumps\n\nEvery morning the pump runs for an hour.\n\nThen it rests in the shed behind the house."
    yield case("printed.pdf", documents.printed_pdf([page]))
    yield case("three pages.pdf", documents.printed_pdf([page, page, page]), 3)
    yield case("not packed.pdf", documents.printed_pdf([page], compress=False))
    yield case("encrypted with an empty password.pdf", documents.printed_pdf([page], password=""))
    yield case("umlauts.pdf", documents.printed_pdf([PROSE["german"]]), has="große Becken")
    yield case(
        "hyphens.pdf",
        documents.lines_pdf(["Every morning the pump runs and the ex-", "ample shows how words are joined."]),
        has="the example shows",
    )
    yield case("by hand.pdf", documents.lines_pdf(["Every morning", "the pump runs."]), has="Every morning the pump runs.")
    yield case("junk before.pdf", b"junk\r\n\r\n" + documents.lines_pdf(["Every morning the pump runs."]))
    yield case("called text.txt", documents.lines_pdf(["Every morning the pump runs."]))
    yield case(
        "a wrong table of places.pdf", documents.lines_pdf(["Every morning the pump runs."]).replace(b"startxref\n", b"startxref\n99")
    )
    yield case(
        "a sentence over two pages.pdf",
        documents.printed_pdf(["Every morning the pump runs and", "then it rests in the shed. All is well."]),
        has="runs and then it rests",
    )
    yield case("text after the end.pdf", documents.lines_pdf(["Every morning the pump runs."]) + b"\n<html>trailing</html>\n")


def _docx() -> Iterator[Legal]:
    import docx

    def case(name: str, content: bytes, has: str = HUM, number: int = 1) -> Legal:
        return Legal(name, content, "docx", "text", number, has)

    document = docx.Document()
    document.add_heading("Pumps", 1)
    document.add_paragraph("Every morning the pump runs.")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), ("Part", "Use", "Pump", "runs"), strict=True):
        cell.text = text
    document.add_heading("Taps", 1)
    document.add_paragraph("They drip.")
    out = io.BytesIO()
    document.save(out)
    p = documents.paragraph
    yield case("word.docx", out.getvalue(), "- one\n- two\n\nPart | Use\nPump | runs", 2)
    yield case("called zip.zip", out.getvalue(), number=2)
    yield case("called text.txt", out.getvalue(), number=2)
    yield case("by hand.docx", documents.docx(p("Every morning the pump runs.")))
    yield case(
        "cut into runs.docx",
        documents.docx(
            "<w:p>" + "".join(f"<w:r><w:t xml:space='preserve'>{w} </w:t></w:r>" for w in ["the", "pump", "runs", "now"]) + "</w:p>"
        ),
    )
    deleted = "<w:p><w:r><w:t>the pump runs</w:t></w:r><w:del><w:r><w:delText> not</w:delText></w:r></w:del><w:ins><w:r><w:t> now.</w:t></w:r></w:ins></w:p>"
    yield case("tracked changes.docx", documents.docx(deleted), "the pump runs now.")
    nested = (
        "<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc>"
        + p("the pump runs")
        + "</w:tc></w:tr></w:tbl></w:tc><w:tc>"
        + p("outer")
        + "</w:tc></w:tr></w:tbl>"
    )
    yield case("table in table.docx", documents.docx(nested))
    box = "<w:p><w:r><w:t>Before.</w:t></w:r><w:r><w:pict><w:txbxContent>" + p("the pump runs") + "</w:txbxContent></w:pict></w:r></w:p>"
    yield case("text box.docx", documents.docx(box))
    field = "<w:p><w:r><w:instrText>HYPERLINK</w:instrText></w:r><w:r><w:t>the pump runs</w:t><w:tab/><w:t>on</w:t><w:br/><w:t>and on</w:t></w:r></w:p>"
    yield case("fields and breaks.docx", documents.docx(field), "the pump runs\ton\nand on")
    rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="x/image" Target="file:///etc/passwd" TargetMode="External"/></Relationships>'
    yield case("external pictures.docx", documents.docx(p("the pump runs"), {"word/_rels/document.xml.rels": rels}))
    notes = f"<w:footnotes {documents.W}><w:footnote>{p('A note says the pump runs.')}</w:footnote></w:footnotes>"
    yield case("footnotes.docx", documents.docx(p("Above."), {"word/footnotes.xml": notes}), "A note says the pump runs.")
    first = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="/word/document2.xml"/></Relationships>'
    other = f"<w:document {documents.W}><w:body>{p('the pump runs')}</w:body></w:document>"
    yield case(
        "another main part.docx",
        documents.zipped({"[Content_Types].xml": documents.CONTENT_TYPES, "_rels/.rels": first, "word/document2.xml": other}),
    )


def _zip() -> Iterator[Legal]:
    def case(
        name: str, members: dict[str, str | bytes], shape: str = "prompt_completion", number: int = 2, has: str = HUM, **options: Any
    ) -> Legal:
        return Legal(name, documents.zipped(members, **options), "zip", shape, number, has)

    table = "question,answer\nWhy?,Because the pump runs.\n"
    line = json.dumps(PAIR) + "\n"
    yield case("two tables.zip", {"a.csv": table, "b.jsonl": line})
    yield case("folders.zip", {"data/": "", "data/train/a.csv": table, "data/b.jsonl": line})
    yield case(
        "from a mac.zip", {"a.csv": table, "__MACOSX/._a.csv": b"\x00\x05\x16\x07", ".DS_Store": b"\x00\x00\x00\x01Bud1", "b.jsonl": line}
    )
    yield case("readme beside.zip", {"README.md": "# Data\n\nPairs.", "LICENSE": "MIT", "a.csv": table, "b.jsonl": line})
    yield case("stored.zip", {"a.csv": table, "b.jsonl": line}, compression=0)
    yield case("comment.zip", {"a.csv": table, "b.jsonl": line}, comment=b"made by hand" * 1_000)
    yield case("pictures beside.zip", {"a.csv": table, "pump.png": b"\x89PNG\r\n\x1a\n", "b.jsonl": line})
    yield case(
        "many charsets.zip",
        {
            "a.csv": rows(("question", "answer"), ["Où ?", "Voilà, the pump runs, où le garçon était déjà."]).encode("cp1252"),
            "b.csv": table.encode("utf-16"),
        },
    )
    yield case(
        "documents.zip",
        {
            "a.pdf": documents.lines_pdf(["the pump runs."]),
            "b.docx": documents.docx(documents.paragraph("Taps drip.")),
            "c.html": "<html><p>Hm.</p>",
            "d.txt": "Text.",
        },
        "text",
        4,
    )
    yield case("names in japanese.zip", {"質問.csv": table, "質問2.csv": table})
    yield case("parquet inside.zip", {"a.parquet": documents.parquet({"prompt": ["a", "b"], "completion": [HUM, "c"]})})
    yield case("bzip2.zip", {"a.csv": table, "b.jsonl": line}, compression=12)
    yield case("called data.data", {"a.csv": table, "b.jsonl": line})
