"""Files as such: what is text, in which charset, of which format; and the program that the server runs."""

import io
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reading import Inspection, ReadProblem, inspect, read_examples, shape_of

Inspect = Callable[..., Inspection]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\x7fELF\x02", "a Linux program"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"GIF89a\x01\x00\x01\x00", "a GIF image"),
        (b"GGUF\x03\x00\x00\x00", "a GGUF model"),
        (b"some text\x00and more", "a binary file"),
        (bytes(range(1, 9)) * 20 + b"letters", "a binary file"),
        ("text with \x00 in it".encode("utf-16"), "a binary file"),
    ],
)
def test_a_binary_file_named_txt_is_refused_by_what_it_is(inspected: Inspect, content: bytes, words: str) -> None:
    [problem] = inspected(content, "notes.txt").problems
    assert problem.message == f"The file seems to be {words}, which is not accepted."
    assert "Accepted are TXT, MD, HTML, PDF, DOCX, CSV, TSV, JSON, JSONL, Parquet, and a ZIP of these." in problem.fix


def test_one_stray_control_character_and_letters_of_other_formats_are_text(inspected: Inspect) -> None:
    assert inspected("MZ is a fine pair of letters.\f\n" + "More. " * 50 + "\x02", "a.txt").accepted


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv", "a.json", "a.jsonl"])
def test_a_file_without_text_is_refused(inspected: Inspect, content: bytes, name: str) -> None:
    [problem] = inspected(content, name).problems
    assert problem.told in (
        "The file is empty. Choose one with text in it.",
        "The file holds only white space. Choose one with text in it.",
    )


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-32", "utf-32"), ("cp1252", "cp1252"), ("cp1251", "cp1251")],
)
def test_the_charset_is_found(inspected: Inspect, encoding: str, charset: str) -> None:
    text = (
        "Это небольшой русский текст для проверки."
        if encoding == "cp1251"
        else "Voilà l’été, où le garçon mangeait des gâteaux à la crème."
    )
    found = inspected(text.encode(encoding), "a.txt")
    assert found.charset == charset
    assert found.preview == [{"text": text}]
    assert found.num_warnings == (1 if charset.startswith("cp") else 0)


def test_big_endian_utf16_is_found_by_its_mark(inspected: Inspect) -> None:
    found = inspected("\ufeffprompt,completion\nGrüße,gerne\n".encode("utf-16-be"), "a.csv")
    assert found.preview == [{"prompt": "Grüße", "completion": "gerne"}]


def test_a_guess_is_said_to_be_one(inspected: Inspect) -> None:
    found = inspected("Voilà l’été, où le garçon mangeait.".encode("cp1252"), "a.txt")
    assert found.charset_basis == "guessed as cp1252 from a sample"
    assert found.warnings[0].told.startswith("The file is not UTF-8; it was read as cp1252, a guess.")


def test_the_guess_looks_at_the_place_that_is_not_ascii(inspected: Inspect) -> None:
    content = b"A plain line of ASCII.\n" * 10_000 + "Voilà l’été, où le garçon mangeait des gâteaux.\n".encode("cp1252") * 5
    found = inspected(content, "a.txt")
    assert found.charset == "cp1252"


@pytest.mark.parametrize("num_lines", [3, 50_000])
def test_a_damaged_utf8_file_is_not_guessed_at_but_placed(inspected: Inspect, num_lines: int) -> None:
    content = "Straße, Füße, Bäume, Häuser, Flüsse, Brücken\n".encode() * num_lines + b"plain\n" * 400_000 + b"caf\xe9\n"
    [problem] = inspected(content, "a.txt").problems
    assert problem.line == num_lines + 400_001
    assert problem.told.startswith(f"Line {problem.line}: not valid UTF-8 (byte 0xe9), though the text before it is.")


@pytest.mark.parametrize(
    ("charset", "message"),
    [
        ("klingon", 'in the charset "klingon", which is not known'),
        ("base64", 'in the charset "base64", which is not known'),
        ("unicode_escape", 'in the charset "unicode_escape", which is not known'),
        ("a\x00b", "is not known"),
        ("utf-8", "Line 2: not valid utf-8 (byte 0xe9)"),
        ("ascii", "Line 2: not valid utf-8 (byte 0xe9)"),
        ("utf-16", "Line 1: not valid utf-16 (no byte order mark)"),
    ],
)
def test_a_wrong_charset_is_told(inspected: Inspect, charset: str, message: str) -> None:
    [problem] = inspected(b"Good.\ncaf\xe9\n", "a.txt", charset=charset).problems
    assert message in problem.told


def test_a_charset_that_is_told_is_used(inspected: Inspect) -> None:
    found = inspected("Łódź".encode("cp1250"), "a.txt", charset="windows-1250")
    assert (found.preview, found.charset) == ([{"text": "Łódź"}], "cp1250")
    assert inspected("Łódź".encode("utf-16-le"), "a.txt", charset="utf-16-le").preview == [{"text": "Łódź"}]


@pytest.mark.parametrize(
    ("content", "name", "format"),
    [
        ('{"text":"a"}\n{"text":"b"}\n', "a.txt", "jsonl"),
        ('\n\n{"text":"a"}\n\n{"text":"b"}\n', "a.json", "jsonl"),
        ('{"text":"a"}', "a.txt", "jsonl"),
        ('{"text":"a"}', "a.json", "json"),
        ('[\n {"text":"a"}]', "a.txt", "json"),
        ('{"data": [{"text":"a"}]}', "a.txt", "json"),
        ("{broken", "a.jsonl", "jsonl"),
        ("{broken", "a.ndjson", "jsonl"),
        ("{broken", "a.txt", "txt"),
        ("{not json}\n{at all}\n", "a.md", "md"),
        ("text\thello\nprompt,completion", "a.txt", "txt"),
        ("text\nhello", "a.csv", "csv"),
        ("text\tid\nhello\t1", "a.csv", "tsv"),
        ("text,id\nhello,1", "a.TSV", "csv"),
    ],
)
def test_the_format_is_seen_from_the_content_first(inspected: Inspect, content: str, name: str, format: str) -> None:
    assert inspected(content, name).format == format


def test_a_format_that_is_told_is_used(inspected: Inspect) -> None:
    assert inspected('{"text":"a"}\n', "a.jsonl", format="txt").preview == [{"text": '{"text":"a"}'}]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('[{"\\ud800\\u0007key": 1}]', "a.json"),
        ('{"train": [{"text":"a"}], "\\udfff": [1]}', "a.json"),
        ('[{"messages": [{"role": "\\ud800", "content": "a"}]}]', "a.json"),
        ("te\x1bxt,text\n1,2\n", "a.csv"),
        ("Hello", "a.\udcff\n"),
    ],
)
def test_what_a_message_quotes_can_be_sent_and_shown(inspected: Inspect, content: str, name: str) -> None:
    found = inspected(content, name)
    [problem] = found.problems + found.warnings
    assert "\ufffd" in problem.told
    assert problem.told.isprintable()


def test_an_unknown_suffix_is_plain_text_with_a_warning(inspected: Inspect) -> None:
    found = inspected("Hello", "notes.xyz")
    assert [warning.told for warning in found.warnings] == [
        'The suffix ".xyz" is not known, so the file was read as plain text. Choose the format if it is another.'
    ]


def test_examples_are_read_as_they_were_inspected() -> None:
    file = io.BytesIO(b'{"text":"a"}\n{"prompt":"b","completion":"c"}\n{"text":""}\n')
    found = inspect(file, filename="a.jsonl")
    items = list(read_examples(file, format="jsonl", charset="utf-8"))
    assert items[:2] == found.preview
    assert [shape_of(item) for item in items[:2] if not isinstance(item, ReadProblem)] == ["text", "prompt_completion"]
    assert isinstance(items[2], ReadProblem)
    assert not items[2].fatal
    assert not file.closed


def test_reading_may_stop_at_any_time() -> None:
    file = io.BytesIO(b'{"text":"a"}\n{"text":"b"}\n')
    reading = read_examples(file, format="jsonl")
    next(reading)
    file.close()
    del reading


MARKS = [
    b"",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b'{"text":',
    b'[{"',
    b'{"data":[',
    b"text\n",
    b"prompt,completion\n",
    b'"',
    b'{"messages":[{',
]
NAMES = ["a.txt", "a.md", "a.csv", "a.json", "a.jsonl", "a"]


@given(st.sampled_from(MARKS), st.binary(max_size=300), st.sampled_from(NAMES), st.sampled_from([None, "utf-8", "utf-16", "cp1252", "gbk"]))
def test_random_bytes_never_raise(mark: bytes, content: bytes, name: str, charset: str | None) -> None:
    found = inspect(io.BytesIO(mark + content), filename=name, charset=charset)
    assert found.num_examples or found.problems or found.needs_mapping
    json.dumps(found.to_json(), ensure_ascii=False).encode()


@given(st.sampled_from(MARKS), st.text(st.sampled_from('{}[]",:;|\n\r\t\\ud8"text0- \ud7ff'), max_size=200), st.sampled_from(NAMES))
def test_random_punctuation_never_raises(mark: bytes, content: str, name: str) -> None:
    found = inspect(io.BytesIO(mark + content.encode()), filename=name)
    assert found.num_examples or found.problems or found.needs_mapping


def run_program(path: Path, *arguments: str, memory: int = 1 << 30) -> tuple[int, dict[str, Any], str]:
    """A limit that stands already is kept when it is lower than the program's own."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    command = [sys.executable, "-m", "shared.reading", *arguments]
    with path.open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, check=False, timeout=60, preexec_fn=limit)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr.decode()


def test_the_program_prints_one_json_object(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text('{"text":"grüß dich"}\n')
    status, found, errors = run_program(path, "--filename", "a.jsonl")
    assert (status, errors) == (0, "")
    assert (found["format"], found["shapes"], found["preview"]) == ("jsonl", {"text": 1}, [{"text": "grüß dich"}])


def test_the_program_exits_0_for_a_refused_file_too(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"%PDF-1.7")
    status, found, _ = run_program(path, "--filename", "a.txt")
    assert (status, len(found["problems"])) == (0, 1)


def test_the_program_leaves_the_position_of_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text("Hello\n" * 1000)
    with path.open("rb") as file:
        file.readline()
        subprocess.run([sys.executable, "-m", "shared.reading", "--filename", "a.txt"], stdin=file, capture_output=True, check=True)
        assert file.read() == b"Hello\n" * 999


def test_a_name_that_looks_like_a_flag_is_only_a_name(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text("Hello")
    status, found, _ = run_program(path, "--filename=--help $(reboot)\n.txt", "--format=md", "--charset=utf-8")
    assert (status, found["format"], found["charset_basis"]) == (0, "md", "as told")


def test_a_json_file_beyond_memory_is_refused_and_not_a_crash(tmp_path: Path) -> None:
    """One emoji makes every character of the text take four bytes: 40 MB become 160, and only 150 are allowed here."""
    path = tmp_path / "upload"
    path.write_bytes(b'[{"text":"' + "\U0001f600".encode() + b" " * (40 << 20) + b'"}]')
    status, found, _ = run_program(path, "--filename", "a.json", memory=150 << 20)
    assert status == 0
    [problem] = found["problems"]
    assert "Reading this file takes too much memory" in problem["message"]


def test_a_large_file_is_read_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    with path.open("wb") as file:
        for _ in range(200):
            file.write((json.dumps({"prompt": "Why is that so? " * 4, "completion": "Because. " * 200}) + "\n").encode() * 600)
    assert path.stat().st_size > 200 << 20
    status, found, _ = run_program(path, "--filename", "a.jsonl", memory=150 << 20)
    assert (status, found["num_examples"], found["problems"]) == (0, 120_000, [])
