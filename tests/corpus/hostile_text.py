"""Hostile texts: JSON, tables, HTML and plain text that are too deep, too long, too wide, or not what they say."""

from collections.abc import Iterator

from tests.corpus.cases import Hostile, made
from tests.corpus.pieces import json_lines

MB = 1 << 20


def _json() -> Iterator[Hostile]:
    yield Hostile("nested lists.json", b"[" * 100_000, False)
    yield Hostile("nested and closed.json", b"[" * 100_000 + b"]" * 100_000, False)
    yield Hostile("nested objects.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, False)
    yield Hostile("nested beside.json", b'[{"text":"a","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}]", False)
    yield Hostile("nested in messages.json", b'[{"messages":' + b"[" * 900 + b"]" * 900 + b"}]", False)
    yield Hostile("a long number.json", b'[{"text":"a","n":' + b"9" * 10_000 + b"}]", False)
    yield Hostile("a long exponent.json", b'[{"text":"a","n":1e999999999}]')
    yield Hostile("NaN.json", b'[{"text":"a","n":NaN}]', False)
    yield Hostile("Infinity.json", b'[{"text":-Infinity}]', False)
    yield Hostile("half a pair.json", b'[{"text":"\\ud83d"}]', False)
    yield Hostile("half a pair as key.json", b'[{"\\ud83d":"a","\\udfff":"b"}]')
    yield Hostile("half a pair escaped twice.json", b'[{"text":"\\ud83d\\ud83d"}]', False)
    yield Hostile("zeros in strings.json", b'[{"text":"a\\u0000b"}]', True)
    yield Hostile("many keys.json", b"[{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}]")
    yield Hostile("many keys at the top.json", b"{" + b",".join(b'"k%d":"v"' % n for n in range(100_000)) + b"}")
    yield Hostile("a key of a megabyte.json", b'[{"' + b"k" * MB + b'":"a","b":"c"}]')
    yield Hostile("comments.json", b'[ // a\n {"text":"a"} /* b */ ]', False)
    yield Hostile("single quotes.json", b"[{'text':'a'}]", False)
    yield Hostile("a comma too many.json", b'[{"text":"a"},]', False)
    yield Hostile("only null.json", b"null", False)
    yield Hostile("only a number.json", b"42", False)
    yield Hostile("empty list.json", b"[]", False)
    yield Hostile("empty object.json", b"{}", False)
    yield Hostile("list of nulls.json", b"[null,null,[],{}]", False)
    yield Hostile("lists of different lengths.json", b'{"prompt":["a","b"],"completion":["c"]}', False)
    yield Hostile("columns of objects.json", b'{"prompt":{"0":{"a":1}},"completion":{"0":{"b":2}}}')
    yield Hostile("prototype.json", b'[{"__proto__":{"text":"x"},"constructor":"y","text":"a"}]')
    yield Hostile("a million empty objects.json", b"[" + b"{}," * 200_000 + b"{}]", False)
    yield Hostile("data within data.json", b'{"data":' * 500 + b"[]" + b"}" * 500)


def _json_lines() -> Iterator[Hostile]:
    good = b'{"text":"a"}\n'
    yield Hostile("nested.jsonl", good + b"[" * 100_000 + b"\n", False)
    yield Hostile("nested object.jsonl", good + b'{"a":' * 2_000 + b"1" + b"}" * 2_000 + b"\n", False)
    yield Hostile("nested but legal.jsonl", b'{"text":"a","b":' + b"[" * 500 + b"]" * 500 + b"}\n" * 1)
    yield Hostile("long number.jsonl", good + b'{"text":' + b"1" * 10_000 + b"}\n", False)
    yield Hostile("NaN.jsonl", good + b'{"text":NaN}\n', False)
    yield Hostile("half a pair.jsonl", good + b'{"text":"\\udc00"}\n', False)
    yield Hostile("not utf-8.jsonl", good * 10 + '{"text":"Füße, Bäume, Häuser, Gärten"}\n'.encode() * 3 + b'{"text":"caf\xe9"}\n', False)
    yield Hostile(
        "not utf-8, left out.jsonl",
        good + '{"text":"Füße, Bäume, Häuser, Gärten"}\n'.encode() * 3 + b'{"text":"caf\xe9"}\n',
        True,
        {"leave_out_bad": True},
    )
    yield Hostile("overlong utf-8.jsonl", good + b'{"text":"\xc0\xaf"}\n')
    yield Hostile("surrogates in utf-8.jsonl", good + b'{"text":"\xed\xa0\x80"}\n')
    yield Hostile("zeros between.jsonl", good + b"\x00" * 1_000 + good, False)
    yield Hostile("a zero in a line.jsonl", b'{"text":"a\x00b"}\n' + good, False)
    yield Hostile("a line of 9 MB.jsonl", made(lambda: good + b'{"text":"' + b"a" * (9 * MB) + b'"}\n'), False)
    yield Hostile("no line end in 20 MB.jsonl", b"{" * (20 * MB), False)
    yield Hostile("all bad.jsonl", b"{bad\n" * 50_000, False)
    yield Hostile("all bad, left out.jsonl", b"{bad\n" * 50_000, False, {"leave_out_bad": True})
    yield Hostile("different keys in every line.jsonl", b"".join(b'{"k%d":1}\n' % n for n in range(50_000)))
    yield Hostile("commas after lines.jsonl", b'{"text":"a"},\n{"text":"b"},\n', False)
    yield Hostile(
        "a thousand and one messages.jsonl",
        json_lines({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}] * 501}),
        False,
    )
    yield Hostile("unknown role.jsonl", json_lines({"messages": [{"role": "root", "content": "a"}]}), False)
    yield Hostile("messages are a number.jsonl", json_lines({"messages": 7}), False)
    yield Hostile("messages are a text.jsonl", json_lines({"messages": "[" * 5_000}), False)
    yield Hostile(
        "a picture.jsonl",
        json_lines(
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/"}}]},
                    {"role": "assistant", "content": "b"},
                ]
            }
        ),
        False,
    )
    yield Hostile(
        "only tool calls.jsonl",
        json_lines({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": None, "tool_calls": [{}]}]}),
    )
    yield Hostile(
        "answers that differ too early.jsonl",
        json_lines(
            {
                "chosen": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
                "rejected": [{"role": "user", "content": "z"}, {"role": "assistant", "content": "c"}],
            }
        ),
        False,
    )
    yield Hostile("the same answers.jsonl", json_lines({"prompt": "a", "chosen": "b", "rejected": "b"}), False)
    yield Hostile(
        "weights of all kinds.jsonl",
        json_lines(*({"messages": [{"role": "assistant", "content": "a", "weight": w}]} for w in (2, -1, "1", True, [], {}, 0.5))),
        False,
    )
    yield Hostile("formula.jsonl", json_lines({"=cmd()": "=1+1", "@x": "+1"}))
    yield Hostile("markup in keys.jsonl", json_lines({"<script>alert(1)</script>": "a", "\u202eb": "c"}))
    yield Hostile("an example too long.jsonl", json_lines({"text": "a" * 1_000_001}), False)


def _tables() -> Iterator[Hostile]:
    yield Hostile("100,000 columns.csv", ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n1,2\n", False)
    yield Hostile("100,000 cells.csv", b"text\na" + b",b" * 100_000 + b"\n", False)
    yield Hostile("only delimiters.csv", b"," * MB, None)
    yield Hostile("only quotes.csv", b'"' * MB, None)
    yield Hostile("only line ends.csv", b"\n" * MB, False)
    yield Hostile("never closed.csv", b'text\n"' + b"never closed\n" * 200_000, False)
    yield Hostile("never closed anywhere.csv", b"prompt,completion\n" + b'"a,b\n' * 50_000, False)
    yield Hostile("never closed.tsv", b"prompt\tcompletion\n" + b'"a\tb\n' * 50_000)
    yield Hostile("a row over many lines.csv", b"prompt,completion\n" + b'"a\n",' * 100_000, False)
    yield Hostile("a field of two megabytes.csv", b"text\n" + b"a" * (2 * MB), False)
    yield Hostile("formulas.csv", b"prompt,completion\n=cmd|' /C calc'!A0,@SUM(1+1)\n+1,-1\n", True)
    yield Hostile("unknown columns.csv", b"foo,bar,baz\n1,2,3\n")
    yield Hostile("the same column again.csv", b"text,text\na,b\n", False)
    yield Hostile("no header.csv", b"1,2\n3,4\n")
    yield Hostile("zeros.csv", b"prompt,completion\na\x00,b\n", False)
    yield Hostile("half a pair.csv", b"text\n\xed\xa0\x80\n" * 5)
    yield Hostile("ragged.csv", b"prompt,completion\n" + b"".join(b"a" + b",b" * (n % 7) + b"\n" for n in range(1_000)), False)
    yield Hostile("many empty columns.csv", b"," * 999 + b"\n" + b"," * 999 + b"\n", False)
    yield Hostile("header only.csv", b"prompt,completion\n", False)
    yield Hostile("sep of a letter.csv", b"sep=a\nprompt,completion\nx,y\n")
    yield Hostile("sep of a quote.csv", b'sep="\nprompt,completion\nx,y\n')
    yield Hostile("sep of a line end.csv", b"sep=\r\nprompt,completion\nx,y\n")
    yield Hostile("headings of all kinds.csv", '"",\u202e,=1,"a\nb",text\n1,2,3,4,5\n'.encode())


def _text() -> Iterator[Hostile]:
    yield Hostile("empty.txt", b"", False)
    yield Hostile("white space.txt", b" \n\t\r\n" * 1_000, False)
    yield Hostile("only a mark.txt", b"\xef\xbb\xbf", False)
    yield Hostile("zeros.txt", b"\x00" * 100_000, False)
    yield Hostile("a zero.txt", b"some text\x00and more text\n" * 10, False)
    yield Hostile("half of utf-16.txt", "\ufeffabc".encode("utf-16-le") + b"\x41", False)
    yield Hostile("lone surrogate in utf-16.txt", b"\xff\xfe\x00\xd8\x41\x00" * 20, False)
    yield Hostile("utf-32 beyond unicode.txt", b"\xff\xfe\x00\x00\xff\xff\xff\x7f", False)
    yield Hostile("damaged utf-8.txt", "Straße, Füße, Bäume, Häuser\n".encode() * 10 + b"caf\xe9\n", False)
    yield Hostile(
        "damaged utf-8, left out.txt", "Straße, Füße, Bäume, Häuser\n\n".encode() * 90 + b"caf\xe9\n", True, {"leave_out_bad": True}
    )
    yield Hostile("a line of 20 MB.txt", b"a" * (20 * MB), True)
    yield Hostile("only line ends.txt", b"\n" * (5 * MB), False)
    yield Hostile("only blanks between.txt", b"a" + b" " * (5 * MB) + b"b")
    yield Hostile("right to left.txt", "\u202e\u2066evil\u2069 text".encode())
    yield Hostile("marks upon marks.txt", ("Z" + "\u0301" * 50_000).encode())
    yield Hostile("terminal codes.txt", b"\x1b]0;title\x07\x1b[2J\x1b[31mred\n" * 10)
    yield Hostile("shift out.txt", b"\x1b$B\x1b(B" * 1_000)
    yield Hostile("hashes.md", b"#" * MB)
    yield Hostile("fences.md", b"```\n" * 100_000)
    yield Hostile("headings only.md", b"# a\n" * 100_000)
    yield Hostile("underlines.md", b"a\n---\n" * 100_000)
    yield Hostile("brackets.md", b"[" * 200_000)


def _html() -> Iterator[Hostile]:
    yield Hostile("deep.html", b"<html>" + b"<div>" * 200_000 + b"x", None)
    yield Hostile("deep tables.html", b"<html>" + b"<table><tr><td>" * 20_000 + b"x", None)
    yield Hostile("deep lists.html", b"<html>" + b"<ul><li>x" * 5_000, None)
    yield Hostile("deep formatting.html", b"<html>" + b"<b><i>" * 20_000 + b"x" + b"</b>" * 20_000, None)
    yield Hostile("many attributes.html", b"<html><p " + b" ".join(b"a%d=1" % n for n in range(20_000)) + b">x</p>")
    yield Hostile("an attribute of megabytes.html", b'<html><p title="' + b"a" * (5 * MB) + b'">x</p>')
    yield Hostile("billion laughs.html", laughs("html") + b"<html>&lol9;</html>")
    yield Hostile("entities.html", b"<html>" + b"&#x110000;&#0;&nosuch;&#xD800;" * 10_000)
    yield Hostile("comment never closed.html", b"<html><!-- " + b"x" * MB, False)
    yield Hostile("script never closed.html", b"<html><script>" + b"x" * MB, False)
    yield Hostile("only scripts.html", b"<html><script>x</script><style>y</style></html>", False)
    yield Hostile("plaintext.html", b"<html><plaintext>" + b"</plaintext>" * 10_000)
    yield Hostile("selects.html", b"<html>" + b"<select><option>" * 20_000)
    yield Hostile("templates.html", b"<html>" + b"<template>" * 20_000 + b"x")
    yield Hostile("svg.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>x</script></svg>')
    yield Hostile("meta refresh to a file.html", b'<html><meta http-equiv=refresh content="0;url=file:///etc/passwd"><p>x</p></html>', True)
    yield Hostile("charset that is none.html", b'<html><meta charset="base64"><p>x caf\xe9</p></html>')
    yield Hostile("charset utf-7.html", b'<html><meta charset="utf-7"><p>+ADw-script+AD4-</p></html>')
    yield Hostile("zeros.html", b"<html><p>a\x00b</p></html>" * 100, False)
    yield Hostile("lt only.html", b"<" * MB)
    yield Hostile("xxe.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')
    yield Hostile("billion laughs.xml", laughs("lolz") + b"<lolz>&lol9;</lolz>")


def laughs(root: str) -> bytes:
    entities = '<!ENTITY lol "lol">' + "".join(
        f'<!ENTITY lol{n} "{("&lol" + (str(n - 1) if n > 1 else "") + ";") * 10}">' for n in range(1, 10)
    )
    return f'<?xml version="1.0"?><!DOCTYPE {root} [{entities}]>'.encode()


MAKERS = (_json, _json_lines, _tables, _text, _html)
