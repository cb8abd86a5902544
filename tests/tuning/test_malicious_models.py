"""Model folders and checkpoints that somebody made to get in: no code of theirs runs, no file outside is read, written or exported.

Each folder goes through everything that loads one: the server's list, the look, the generation worker and a whole training. It is refused
in words, or does no harm.
"""

import hashlib
import io
import json
import os
import pickle
import shutil
import signal
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from server.domain.models.catalogue import model_in
from server.tuning.checkpoint import checkpoints_of
from server.tuning.failures import TuningFailure
from server.tuning.gpt2_tuning import run
from server.tuning.look_through import look_at
from server.tuning.resume import Resumed, newest_good
from server.tuning.serving import Serving
from shared.base_models import LocalFolder
from shared.checkpoints import MANIFEST_FILE
from shared.job_spec import CHECKPOINTS_FOLDER, EVENTS_FILE, SPEC_FILE, DataFile, JobSpec
from shared.look_spec import LookSpec
from shared.trainer_events import Artifact
from tests.tuning.conftest import SETTINGS, Run
from tests.tuning.test_resume import stopped_at

Train = Callable[..., Run]
WriteSpec = Callable[..., JobSpec]
Json = dict[str, Any]
CANARY = "the-canary-must-not-sing"


class Trap:
    """A pickle of it runs a command as soon as anybody opens it."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self._marker}",)


@dataclass(frozen=True)
class Scene:
    """`folder` is a whole model, for a test to spoil. `canary` lies outside of it; `marker` is there once code of the folder has run."""

    folder: Path
    canary: Path
    marker: Path

    def write(self, name: str, content: str | bytes) -> None:
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def remove(self, *names: str) -> None:
        for name in names:
            (self.folder / name).unlink()

    def link(self, name: str, target: Path | str) -> None:
        (self.folder / name).unlink(missing_ok=True)
        (self.folder / name).symlink_to(target)

    def change(self, name: str, **values: Any) -> None:
        file = self.folder / name
        self.write(name, json.dumps(json.loads(file.read_text()) | values if file.exists() else values))

    def pickled(self) -> bytes:
        return pickle.dumps(Trap(self.marker))

    def as_torch_saves(self) -> bytes:
        """The ZIP with a pickle in it that `torch.save` writes."""
        found = io.BytesIO()
        with zipfile.ZipFile(found, "w") as archive:
            archive.writestr("archive/data.pkl", self.pickled())
        return found.getvalue()

    def code(self) -> str:
        return f"import pathlib; pathlib.Path({str(self.marker)!r}).touch()\n"


def safetensors(header: Json | bytes, body: bytes = b"", *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def tensor(*shape: int, offsets: tuple[int, int] = (0, 4)) -> Json:
    return {"dtype": "F32", "shape": list(shape), "data_offsets": list(offsets)}


def pickles_instead_of_weights(scene: Scene) -> None:
    scene.remove("model.safetensors")
    for name in ("pytorch_model.bin", "model.pt", "model.pth", "weights.pkl", "model.ckpt"):
        scene.write(name, scene.pickled())
    scene.write("pytorch_model.bin.index.json", json.dumps({"weight_map": {"x": "pytorch_model.bin"}}))


def pickles_beside_the_weights(scene: Scene) -> None:
    for name in ("pytorch_model.bin", "training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "tokenizer.pkl"):
        scene.write(name, scene.as_torch_saves())


def code_in_the_folder(scene: Scene) -> None:
    for name in ("modeling_mine.py", "__init__.py", "conftest.py", "sitecustomize.py"):
        scene.write(name, scene.code())


def bytecode_in_capital_letters(scene: Scene) -> None:
    scene.write("MODELING.PYC", scene.code())


def index_over(scene: Scene, *names: Any) -> None:
    scene.remove("model.safetensors")
    scene.write("model.safetensors.index.json", json.dumps({"weight_map": {f"t{number}": name for number, name in enumerate(names)}}))


def rows_of_adapters(scene: Scene) -> None:
    """An adapter whose base is elsewhere, in place of a model."""
    scene.remove("config.json", "model.safetensors")
    scene.write("adapter_config.json", json.dumps({"peft_type": "LORA", "base_model_name_or_path": str(scene.canary.parent)}))
    scene.write("adapter_model.bin", scene.pickled())


def foreign_names_in_configs(scene: Scene) -> None:
    """Everything that could make a library open another file, in a folder that is whole otherwise."""
    canary = str(scene.canary)
    named = dict.fromkeys(("vocab_file", "merges_file", "tokenizer_file", "sp_model_file", "spm_file", "name_or_path"), canary)
    scene.change("tokenizer_config.json", **named, tokenizer_class="../../evil.Tokenizer", use_fast=False)
    scene.change("config.json", _name_or_path=canary, trust_remote_code=True, custom_pipelines={"x": {"impl": "evil.Pipeline"}})
    scene.change("generation_config.json", trust_remote_code=True, custom_generate=canary, cache_implementation="evil")
    scene.change("special_tokens_map.json", additional_special_tokens=[canary], vocab_file=canary)
    scene.change("adapter_config.json", base_model_name_or_path=canary, auto_mapping={"base_model_class": "evil.Model"})


def foreign_template_names(scene: Scene) -> None:
    plain = "{% for message in messages %}{{ message.content }}{% endfor %}"
    evil = [
        {"name": f"../../{scene.canary.name}", "template": "x"},
        {"name": str(scene.canary), "template": scene.code()},
        "x",
        {"name": []},
    ]
    scene.remove("chat_template.jinja")
    scene.change("tokenizer_config.json", chat_template=[*evil, {"name": "default", "template": plain}])
    (scene.folder / "additional_chat_templates").mkdir()
    (scene.folder / "additional_chat_templates" / "evil.jinja").symlink_to(scene.canary)


def template(source: str) -> Callable[[Scene], None]:
    return lambda scene: scene.write("chat_template.jinja", source.replace("CANARY", str(scene.canary)))


def tokenizer_with(**changed: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.change("tokenizer.json", **changed)


def words_beyond_the_model(scene: Scene) -> None:
    content = json.loads((scene.folder / "tokenizer.json").read_text())
    content["model"]["vocab"]["beyond"] = 10**9
    scene.write("tokenizer.json", json.dumps(content))


BEYOND = {"X": {"id": "X", "ids": [10**6], "tokens": ["X"]}}
POST_PROCESSOR = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "X", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
    "special_tokens": BEYOND,
}
CLIMBS = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
REACHES = "{{ cycler.__init__.__globals__.os.popen('cat CANARY').read() }}{{ strftime_now.__globals__ }}"
INCLUDES = "{% include 'CANARY' %}{% import '../../canary.txt' as c %}"

REFUSED: dict[str, Callable[[Scene], None]] = {
    "pickles instead of weights": pickles_instead_of_weights,
    "code in the folder": code_in_the_folder,
    "bytecode in capital letters": bytecode_in_capital_letters,
    "a library": lambda scene: scene.write("_speedups.so", b"\x7fELF"),
    "auto_map in the config": lambda scene: scene.change("config.json", auto_map={"AutoModelForCausalLM": "modeling_mine.Evil"}),
    "auto_map of another repository": lambda scene: scene.change("config.json", auto_map={"AutoConfig": "evil/evil--config.Evil"}),
    "auto_map in the tokenizer's config": lambda scene: scene.change("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", None]}),
    "a config that is a link to a system file": lambda scene: scene.link("config.json", "/etc/passwd"),
    "a tokenizer that is a link to this process": lambda scene: scene.link("tokenizer.json", "/proc/self/environ"),
    "a template that is a link to the canary": lambda scene: scene.link("chat_template.jinja", scene.canary),
    "weights that are a link to the canary": lambda scene: scene.link("model.safetensors", scene.canary),
    "a link that climbs": lambda scene: scene.link("tokenizer_config.json", f"../../{scene.canary.name}"),
    "a link to itself": lambda scene: scene.link("config.json", "config.json"),
    "an adapter of a foreign base": rows_of_adapters,
    "an index that climbs": lambda scene: index_over(scene, f"../../{scene.canary.name}", "../other/model.safetensors"),
    "an index with absolute names": lambda scene: index_over(scene, f"{scene.canary.parent}/model.safetensors"),
    "an index of pickles": lambda scene: index_over(scene, "pytorch_model.bin"),
    "an index of no names": lambda scene: index_over(scene, ["model.safetensors"], None, 17, "\x00.safetensors"),
    "a header longer than the file": lambda scene: scene.write("model.safetensors", safetensors({}, length=2**62)),
    "a header of half the disk": lambda scene: scene.write("model.safetensors", safetensors(b" " * 20_000_000)),
    "a header nested deep": lambda scene: scene.write("model.safetensors", safetensors(b'{"a":' * 100_000)),
    "a tensor of exabytes": lambda scene: scene.write("model.safetensors", safetensors({"x": tensor(2**30, 2**30)}, bytes(4))),
    "a tensor outside of the file": lambda scene: scene.write("model.safetensors", safetensors({"x": tensor(1, offsets=(-4, 2**40))})),
    "tensors over each other": lambda scene: scene.write("model.safetensors", safetensors({"x": tensor(1), "y": tensor(1)}, bytes(4))),
    "a million tensors of nothing": lambda scene: scene.write(
        "model.safetensors",
        safetensors(b"{" + b",".join(b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % n for n in range(25_000))),
    ),
    "a config nested deep": lambda scene: scene.write("config.json", '{"a":' * 100_000),
    "a config with too many layers": lambda scene: scene.change("config.json", num_hidden_layers=10**9),
    "a config with an endless vocabulary": lambda scene: scene.change("config.json", vocab_size=2**22, hidden_size=2**16),
    "a config with an endless context": lambda scene: scene.change("config.json", max_position_embeddings=10**18),
    "a config with infinite sizes": lambda scene: scene.write(
        "config.json", (scene.folder / "config.json").read_text().replace('"hidden_size": 32', '"hidden_size": Infinity')
    ),
    "a config with heads of nothing": lambda scene: scene.change("config.json", num_attention_heads=-4, rope_parameters=["x"]),
    "a config of many megabytes": lambda scene: scene.change("config.json", padding="x" * 11_000_000),
    "a tokenizer of many megabytes": lambda scene: os.truncate(scene.folder / "tokenizer.json", 200_000_000),
    "a tokenizer that adds what the model lacks": tokenizer_with(post_processor=POST_PROCESSOR),
    "a tokenizer with words beyond the model": words_beyond_the_model,
    "a tokenizer nested deep": lambda scene: scene.write("tokenizer.json", '{"normalizer":' * 100_000),
    "a GGUF of absurd counts": lambda scene: (
        scene.remove("model.safetensors"),
        scene.write("model.gguf", b"GGUF" + struct.pack("<IQQ", 3, 2**62, 2**62)),
    ),  # type: ignore[dict-item,func-returns-value]
    "a pipe": lambda scene: (scene.remove("config.json"), os.mkfifo(scene.folder / "config.json")),  # type: ignore[dict-item,func-returns-value]
    "a device": lambda scene: scene.link("generation_config.json", "/dev/zero"),
    "an end that is no token": lambda scene: scene.change("generation_config.json", eos_token_id="../../canary.txt"),
    "a template that climbs out of its sandbox": template(CLIMBS),
    "a template that reaches for modules": template(REACHES),
    "a template that includes files": template(INCLUDES),
}
HARMLESS: dict[str, Callable[[Scene], None]] = {
    "pickles beside the weights": pickles_beside_the_weights,
    "names of foreign files in every config": foreign_names_in_configs,
    "templates with foreign names": foreign_template_names,
    "a tokenizer that pads without end": tokenizer_with(
        padding={
            "strategy": {"Fixed": 10**9},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "x",
        },
        truncation={"direction": "Right", "max_length": 10**9, "strategy": "LongestFirst", "stride": 0},
    ),
}
# What only shows when a conversation is rendered: until then the folder is as any other.
_OF_TEMPLATES = {name for name in REFUSED if name.startswith("a template that ") and "link" not in name}
# What only shows when weights are loaded, which the look does not.
_OF_WEIGHTS = {
    name
    for name, words in ((name, name.split()) for name in REFUSED)
    if {"weights", "header", "tensor", "tensors", "index", "pickles", "GGUF", "vocabulary"} & set(words)
    or name in {"a device", "an end that is no token"}
}


@pytest.fixture
def scene(tmp_path: Path, models_folder: Path) -> Iterator[Scene]:
    """Looks afterwards that nothing ran and nothing outside of the folder was touched."""
    folder = tmp_path / "models" / "mine"
    shutil.copytree(models_folder / "tiny-llama", folder)
    scene = Scene(folder, tmp_path / "canary.txt", tmp_path / "marker")
    scene.canary.write_text(CANARY)
    before = scene.canary.stat()
    yield scene
    after = scene.canary.stat()
    assert not scene.marker.exists(), "code of the folder has run"
    assert (scene.canary.read_text(), after.st_mtime_ns, after.st_ino) == (CANARY, before.st_mtime_ns, before.st_ino)


@pytest.fixture
def rows() -> list[Json]:
    return [{"prompt": f"What about lamp {i}?", "completion": f"It is number {i}."} for i in range(8)]


def of_folder(spec: JobSpec, scene: Scene) -> JobSpec:
    return spec.model_copy(update={"models_folder": scene.folder.parent, "base_model": "local/mine"})


def sings(folder: Path) -> list[Path]:
    """Files below a folder that hold the canary's song."""
    return [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink() and CANARY.encode() in file.read_bytes()]


def looked(spec: JobSpec) -> str | None:
    """The code of the refusal; None when it could be looked at."""
    asked = LookSpec(
        num_examples=8, num_characters=1_000, **spec.model_dump(include=set(LookSpec.model_fields) & set(JobSpec.model_fields))
    )
    try:
        look_at(asked)
    except TuningFailure as failure:
        return failure.code
    return None


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_made_to_get_in_is_refused_by_everything_that_loads_it(
    name: str, scene: Scene, write_spec: WriteSpec, train: Train, rows: list[Json], tmp_path: Path
) -> None:
    REFUSED[name](scene)
    words = [_listed(scene)]
    run = train(of_folder(write_spec(rows, base_model="local/mine", method="lora", max_steps=1, allow_short_run=True), scene))
    failure = run.events[-1]
    words.append(f"{failure.message} {failure.cause} {failure.fix}")
    assert failure.type == "failed"
    assert failure.code == ("bad_data" if name in _OF_TEMPLATES else "base_damaged"), failure
    answer = _asked(scene)
    words.append(answer["error"]["message"])
    assert answer["error"]["code"] in {"model_damaged", "bad_messages", "base_damaged"}
    code = looked(of_folder(write_spec(rows, base_model="local/mine", method="lora"), scene))
    assert code in ({"bad_data"} if name in _OF_TEMPLATES else {"base_damaged", None} if name in _OF_WEIGHTS else {"base_damaged"})
    for text in words:
        assert CANARY not in text and str(tmp_path) not in text and "Traceback" not in text
    assert not sings(run.folder) and not (run.folder / "model").exists()


@pytest.mark.parametrize("name", HARMLESS)
def test_what_cannot_be_told_from_an_honest_folder_does_no_harm_and_is_not_exported(
    name: str, scene: Scene, write_spec: WriteSpec, train: Train, rows: list[Json]
) -> None:
    HARMLESS[name](scene)
    assert _listed(scene) == ""
    assert "text" in _asked(scene)
    run = train(of_folder(write_spec(rows, base_model="local/mine", method="lora", max_steps=1, allow_short_run=True), scene))
    assert run.events[-1].type == "done", run.events[-1]
    assert not sings(run.folder)
    exported = {file.name: file.read_bytes() for file in (run.folder / "model").iterdir()}
    assert not [file for file, content in exported.items() if str(scene.canary).encode() in content or b"evil" in content]


def _listed(scene: Scene) -> str:
    """What the server says is wrong with it."""
    source = model_in(scene.folder, model_id="local/mine", name="mine", description="").source
    assert isinstance(source, LocalFolder)
    return source.problem or ""


def _asked(scene: Scene) -> Json:
    serving = Serving(base_models_folder=scene.folder.parent / "bases", models_folder=scene.folder.parent)
    asked = {"model": {"kind": "folder", "path": str(scene.folder)}, "messages": [{"role": "user", "content": "lamp"}], "max_tokens": 2}
    return serving.answer(json.dumps(asked).encode())


# --- checkpoints ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Saved:
    """The newest checkpoint of a run that is to go on, for a test to spoil."""

    folder: Path
    scene: Scene

    def reseal(self, **changed: Any) -> None:
        """As somebody would who knows how a manifest is sealed; `files` are added to those that it names."""
        manifest = json.loads((self.folder / MANIFEST_FILE).read_text())
        manifest["files"] |= changed.pop("files", {})
        manifest = {name: value for name, value in (manifest | changed).items() if name != "seal"}
        seal = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
        (self.folder / MANIFEST_FILE).write_text(json.dumps(manifest | {"seal": seal}))

    def replace(self, name: str, content: bytes) -> None:
        (self.folder / name).unlink(missing_ok=True)
        (self.folder / name).write_bytes(content)
        self.reseal(files={name: {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}})


SONG = {"size_bytes": len(CANARY), "sha256": "f0" * 32}
CHECKPOINTS: dict[str, Callable[[Saved], None]] = {
    "a manifest that climbs": lambda saved: saved.reseal(files={f"../../../{saved.scene.canary.name}": SONG}),
    "a manifest with absolute names": lambda saved: saved.reseal(files={str(saved.scene.canary): SONG}),
    "a manifest that names its parent": lambda saved: saved.reseal(files={"..": SONG, "a\x00b": SONG}),
    "a manifest nested deep": lambda saved: (saved.folder / MANIFEST_FILE).write_text('{"files":' * 100_000) and None,
    "a manifest of many megabytes": lambda saved: saved.reseal(job_id="x" * 2_000_000),
    "pickles in place of tensors": lambda saved: saved.replace("training.safetensors", saved.scene.pickled()),
    "what torch saves in place of tensors": lambda saved: saved.replace("training.safetensors", saved.scene.as_torch_saves()),
    "a header longer than the file": lambda saved: saved.replace("training.safetensors", safetensors({}, length=2**62)),
    "a tensor of exabytes": lambda saved: saved.replace("training.safetensors", safetensors({"weights": tensor(2**60)}, bytes(4))),
    "numbers nested deep": lambda saved: saved.replace("state.json", b"[" * 100_000),
    "numbers that are others": lambda saved: saved.replace("state.json", b'{"progress": {"__class__": "os.system", "losses": 1}}'),
    "tensors that are a link": lambda saved: _linked(saved, "training.safetensors"),
    "a manifest that is a link": lambda saved: _linked(saved, MANIFEST_FILE),
    "a folder that is a link": lambda saved: _linked_folder(saved),
}


def _linked(saved: Saved, name: str) -> None:
    elsewhere = saved.scene.canary.with_name(f"elsewhere-{name}")
    (saved.folder / name).rename(elsewhere)
    (saved.folder / name).symlink_to(elsewhere)


def _linked_folder(saved: Saved) -> None:
    elsewhere = saved.scene.canary.with_name(saved.folder.name)
    saved.folder.rename(elsewhere)
    (elsewhere / "precious.txt").write_text("kept")
    saved.folder.symlink_to(elsewhere)


@pytest.fixture(scope="module")
def stopped_run(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Path:
    """The folder of a run that was stopped after its first step; its checkpoint is as good as any."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    folder.mkdir()
    (folder / "data.jsonl").write_text("".join(json.dumps({"prompt": f"Lamp {i}?", "completion": f"Number {i}."}) + "\n" for i in range(8)))
    spec = JobSpec(
        job_id="job-1",
        run_id="run-1",
        base_model="local/tiny-llama",
        method="lora",
        data=[DataFile(path=folder / "data.jsonl", name="data.jsonl", format="jsonl")],
        settings=SETTINGS.model_copy(update={"max_steps": 40}),
        base_models_folder=folder,
        models_folder=models_folder,
        threads=1,
        checkpoint_every_s=0,
    )
    (folder / SPEC_FILE).write_text(spec.model_dump_json())
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with stopped_at(1, folder / EVENTS_FILE):
        run(spec, folder)
    for number, handler in before.items():
        signal.signal(number, handler)
    for older in checkpoints_of(folder)[1:]:
        shutil.rmtree(older)
    return folder


@pytest.fixture
def saved(stopped_run: Path, scene: Scene, tmp_path: Path) -> Saved:
    shutil.copytree(stopped_run, tmp_path / "run")
    return Saved(checkpoints_of(tmp_path / "run")[0], scene)


def gone_on_from(saved: Saved, events: "Told") -> Resumed | None:
    fingerprint = json.loads((saved.folder / MANIFEST_FILE).read_text())["fingerprint"] if events.fingerprint == "" else events.fingerprint
    return newest_good(saved.folder.parents[1], fingerprint, events)  # type: ignore[arg-type]


@dataclass
class Told:
    """What is told of a resuming; the part of the trainer's event log that it uses."""

    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def test_the_checkpoint_that_the_others_are_made_of_is_good(saved: Saved) -> None:
    resumed = gone_on_from(saved, Told(""))
    assert resumed is not None and resumed.folder == saved.folder
    assert "text" in _of_checkpoint(saved)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_made_to_get_in_is_thrown_away_and_nothing_of_it_is_used(name: str, saved: Saved, tmp_path: Path) -> None:
    told = Told(json.loads((saved.folder / MANIFEST_FILE).read_text())["fingerprint"])
    CHECKPOINTS[name](saved)
    answer = _of_checkpoint(saved)
    if not name.startswith("numbers"):  # Whoever only asks the model does not read them.
        assert answer["error"]["code"] == "model_damaged", answer
    assert gone_on_from(saved, told) is None
    [warning] = told.warnings
    assert "cannot be used and was removed" in warning
    assert not [text for text in (warning, json.dumps(answer)) if CANARY in text or str(tmp_path) in text]
    assert not list((tmp_path / "run" / CHECKPOINTS_FOLDER).iterdir())
    elsewhere = tmp_path / saved.folder.name
    assert not elsewhere.exists() or (elsewhere / "precious.txt").read_text() == "kept"


def _of_checkpoint(saved: Saved) -> Json:
    asked = {"model": {"kind": "checkpoint", "path": str(saved.folder)}, "prompt": "lamp", "max_tokens": 2}
    return Serving(base_models_folder=saved.folder, models_folder=None).answer(json.dumps(asked).encode())


@pytest.mark.parametrize(
    "path",
    [
        "../canary.txt",
        "/etc/passwd",
        "model/../../canary.txt",
        "model/a/b",
        "model/",
        "model",
        ".ssh/id",
        "model/\x00",
        "other/x",
        "model/..",
    ],
)
def test_a_run_cannot_say_that_it_left_a_file_of_elsewhere(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Artifact(path=path, size_bytes=1, sha256="0" * 64)


def test_there_are_enough_of_them() -> None:
    assert len(REFUSED) + len(HARMLESS) + len(CHECKPOINTS) >= 25
