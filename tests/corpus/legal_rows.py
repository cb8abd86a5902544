"""Legal tables and JSON: delimiters, quoting, many names for the same columns, chats and preference pairs."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from tests.corpus.cases import Legal
from tests.corpus.pieces import HUM, PAIR, PROSE, SAID, USER, json_lines, rows


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
    yield case("a remark first.csv", "# exported by the pump's own program\n" + plain)
    yield case(
        "blanks before quotes.csv", 'question, answer\n"Why, then?", "Because, the pump runs"\n"b", "c"\n', has="Because, the pump runs"
    )
    yield case("ended by dos.csv", plain + "\x1a")
    yield case("quotes inside words.csv", 'question,answer\nA 5" pipe?,Yes: the pump runs\nHe said "hi" there,b\n')
    both = rows(("question", "answer"), ["Why?\n\nReally, why?", "Because;\nthe pump runs"], answers[1], delimiter=";").replace(
        "\n", "\r\n"
    )
    yield case("all that excel does at once.csv", b"\xff\xfe" + f"sep=;\r\n{both}".encode("utf-16-le"))
    yield case(
        "messages as python prints them.csv", rows(("id", "messages"), ["1", str([USER, SAID])], ["2", str([USER, SAID])]), "messages"
    )
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
    squad = {"context": "The pump runs.", "qas": [{"id": "a", "question": "Runs?", "answers": [{"text": HUM, "answer_start": 0}]}]}
    yield case("squad as published.json", {"version": "1.1", "data": [{"title": "Pumps", "paragraphs": [squad, squad]}]})
    yield case("nulls.json", [*two, {"prompt": None, "completion": "x"}, {"prompt": "x", "completion": None}])
    yield case("numbers as answers.json", [{"question": "2+2?", "answer": 4}, {"question": "1/2?", "answer": 0.5}], has='"4"')
    yield case("a key twice.json", b'[{"prompt":"x","prompt":"Why?","completion":"the pump runs"},{"prompt":"a","completion":"b"}]')
    yield case("parts of data.json", {"data": {"train": two, "test": [PAIR]}})
    yield case("brackets in lines of their own.jsonl", b"[\n" + b",\n".join(json.dumps(row).encode() for row in two) + b"\n]\n")
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
    yield case("cut in two.jsonl", {"prompt": [USER], "completion": [SAID]}, {"prompt": "Why?", "completion": [SAID]})
    for name, part in (("bedrock", {}), ("openai responses", {"type": "output_text"})):
        turns = [{"role": role, "content": [{**part, "text": text}]} for role, text in (("user", "Why?"), ("assistant", HUM))]
        yield case(f"parts of {name}.jsonl", *[{"system": [{"text": "Be kind."}], "messages": turns}] * 2, has="Be kind.")
    gemini = [{"role": "user", "parts": [{"text": "Why?"}]}, {"role": "model", "parts": [{"text": HUM}]}]
    yield case(
        "gemini with an instruction.jsonl",
        *[{"systemInstruction": {"parts": [{"text": "Be kind."}]}, "contents": gemini}] * 2,
        has="Be kind.",
    )
    yield case("tools that nobody calls.jsonl", *[{"messages": [USER, SAID], "tools": [{"type": "function"}]}] * 2)
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


MAKERS = (_tables, _tsv, _json, _json_lines, _chats, _preferences)
