"""The content of a report as sections of blocks, in words. The order is that of a reader's questions: did it work, what was asked, on what
data, how did it go, what did it cost, how is it done again."""

from server.domain.reports import words
from server.domain.reports.blocks import Block, Charts, Column, Facts, Lines, Notice, Outline, Paragraph, Section, Table
from server.domain.reports.comparison import compared
from server.domain.reports.curves import curves_of
from server.domain.reports.judgement import leaks_block, test_facts, verdict_blocks, worst_and_best
from shared.wire import LogLine, ReportContent, ReportedFile, ReportedJob

_METHODS = {"lora": "LoRA (a small adapter)", "full": "all weights", "scratch": "from scratch"}
_WAYS = {"lora": "tuned with LoRA", "full": "tuned in all its weights", "scratch": "trained from scratch"}
_STATES = {
    "queued": "Waiting",
    "running": "Running",
    "paused": "Paused",
    "succeeded": "Succeeded",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


def outline_of(content: ReportContent) -> Outline:
    jobs = content.jobs
    sections: list[Section] = []
    if len(jobs) == 1:
        sections = _sections(jobs[0], place=1, level=2)
    else:
        sections = [Section("verdicts", 2, "Did it work?", [block for job in jobs for block in verdict_blocks(job, brief=True)])]
        sections.append(Section("comparison", 2, "Side by side", compared(jobs)))
        for place, job in enumerate(jobs, 1):
            sections.append(Section(f"job-{place}", 2, f"{place}. {job.name}", [Paragraph(_about(job))]))
            sections += _sections(job, place=place, level=3)
    return Outline(
        title=content.name,
        about=f"Report of {words.time(content.created_at)}. It tells what was known then; nothing in it changes any more.",
        colophon=f"Report {content.id}, made by LLM Tuner {jobs[0].environment.product_version}.",
        sections=sections,
    )


def _sections(job: ReportedJob, *, place: int, level: int) -> list[Section]:
    parts: list[tuple[str, str, list[Block]]] = [
        ("verdict", "Did it work?", verdict_blocks(job)),
        ("asked", "What was asked", _asked(job)),
        ("data", "Data", _data(job)),
        ("settings", "Settings", _settings(job)),
        ("training", "Training", _training(job, place)),
        ("forecast", "Forecast and outcome", _forecast(job)),
        ("items", "Best and worst answers", worst_and_best(job)),
        ("leakage", "Leakage", leaks_block(job)),
        ("cost", "Cost", _cost(job)),
        ("environment", "Environment", _environment(job)),
        ("reproduction", "How to reproduce this", _reproduction(job)),
        ("log", "Log", _log(job.log, shortened=job.log_is_shortened)),
    ]
    return [Section(f"{name}-{place}", level, title, blocks) for name, title, blocks in parts if blocks]


def _about(job: ReportedJob) -> str:
    return f"{job.base_model_name}, {_WAYS[job.method]}. {_STATES[job.state]}."


def _asked(job: ReportedJob) -> list[Block]:
    rows = [
        ("Job", job.name),
        ("State", f"{_STATES[job.state]}{f', {words.time(job.finished_at)}' if job.finished_at else ''}"),
        ("Base model", f"{job.base_model_name} ({job.base_model})" if job.base_model_name != job.base_model else job.base_model),
        ("Method", _METHODS[job.method].capitalize() if job.method != "lora" else _METHODS[job.method]),
        *([("Learned", "which answer of each pair is preferred (DPO)")] if job.objective == "preference" else []),
        ("Asked for", words.time(job.created_at)),
        ("Tuned model", job.tuned_model or "none"),
    ]
    if job.note.strip():
        rows.append(("Note", words.clipped(job.note.strip(), 1_000)))
    blocks: list[Block] = [Facts(rows)]
    if job.error is not None:
        blocks.append(Notice(f"{job.error.message} {job.error.cause} {job.error.fix}", "bad"))
    return [*blocks, *test_facts(job)]


def _data(job: ReportedJob) -> list[Block]:
    data = job.data
    facts = [
        ("Dataset", data.dataset_name or "deleted since"),
        ("Trained on", _many(data.num_examples, "example")),
        ("Validated on", _many(data.num_validation_examples, "example")),
        ("Tokens in one pass", "not known" if data.num_tokens_per_epoch is None else f"{data.num_tokens_per_epoch:,}"),
        ("Split", data.split),
        ("SHA-256 of all", data.content_sha256),
    ]
    columns = [Column("Document", share=3), Column("Used for", share=2), Column("Size", True, 3), Column("SHA-256", share=4)]
    blocks: list[Block] = [Facts(facts), Table("Documents", columns, [_file_row(file) for file in data.files])]
    problems = [[file.name, _place(file, number), one.message] for file in data.files for number, one in enumerate(file.problems)]
    if problems:
        unseen = sum(file.num_problems for file in data.files) - len(problems)
        caption = f"Problems in the documents{f' ({unseen:,} more are not listed)' if unseen > 0 else ''}"
        blocks.append(Table(caption, [Column("Document", share=2), Column("Where", share=2), Column("Problem", share=4)], problems))
    blocks += [Notice(warning, "warn") for warning in data.warnings]
    if data.samples:
        blocks.append(Lines("The first examples as the model saw them, cut short", data.samples))
    return blocks


def _file_row(file: ReportedFile) -> list[str]:
    about = file.name if not file.filename or file.filename == file.name else f"{file.name} ({file.filename})"
    if file.missing:
        about += " (deleted since)"
    size = (
        words.size(file.size_bytes)
        if file.num_examples is None
        else f"{words.size(file.size_bytes)}, {_many(file.num_examples, 'example')}"
    )
    return [about, file.role, size, file.sha256 or words.NOT_KNOWN]


def _place(file: ReportedFile, number: int) -> str:
    problem = file.problems[number]
    places = [("line", problem.line), ("page", problem.page), ("file", problem.member)]
    return ", ".join(f"{name} {value}" for name, value in places if value is not None) or "the whole document"


def _many(number: int | None, one: str) -> str:
    return words.NOT_KNOWN if number is None else words.count(number, one)


def _settings(job: ReportedJob) -> list[Block]:
    rows = [
        [setting.title, words.setting(setting.value), "you" if setting.asked is not None else "auto", setting.reason]
        for setting in job.settings
    ]
    columns = [Column("Setting", share=3), Column("Value", True, 2), Column("Set by"), Column("Why", share=6)]
    return [Table("Every setting, its value in this run, and why", columns, rows)] if rows else []


def _training(job: ReportedJob, place: int) -> list[Block]:
    training = job.training
    rows = [
        ("Steps", words.NOT_KNOWN if training.num_steps is None else f"{training.num_steps:,}"),
        ("Passes over the data", words.number(training.epochs)),
        ("Tokens learned from", words.NOT_KNOWN if training.num_training_tokens is None else f"{training.num_training_tokens:,}"),
        ("Training loss at the end", words.loss(training.train_loss)),
    ]
    if training.validation_loss_before is not None or training.validation_loss is not None:
        before, after = words.loss(training.validation_loss_before), words.loss(training.validation_loss)
        rows.append(("Validation loss", f"{before} before, {after} after"))
    if training.best_step is not None and training.num_steps is not None and training.best_step < training.num_steps:
        rows.append(("Kept weights", f"of step {training.best_step:,}, where the validation loss was lowest"))
    right = [point.validation_preference_accuracy for point in training.points or [] if point.validation_preference_accuracy is not None]
    if right:
        rows.append(("Pairs right", f"{right[0]:.0%} of the validation part before, {right[-1]:.0%} after"))
    blocks: list[Block] = [Facts(rows)]
    charts = curves_of(job, place)
    if charts:
        blocks.append(Charts(charts))
    elif training.points is None:
        blocks.append(Paragraph("The curves were left out of this report."))
    if training.generations:
        said = [[f"{one.step:,}", one.prompt.strip(), one.text.strip()] for one in training.generations]
        columns = [Column("Step", True), Column("Prompt", share=4), Column("It said", share=6)]
        blocks.append(Table("What the model said on the way", columns, said))
    return blocks


def _forecast(job: ReportedJob) -> list[Block]:
    rows = []
    for line in job.forecast:
        shown = _MONEY_AND_SIZES.get(line.name, _whole)
        said = "none" if line.low is None else shown(line.low) if line.low == line.high else f"{shown(line.low)} to {shown(line.high)}"
        title = f"{line.title}, {line.currency}" if line.currency else line.title
        rows.append([title, said, shown(line.actual), line.words])
    columns = [Column("", share=2), Column("Forecast", True, 3), Column("Outcome", True, 2), Column("", share=5)]
    return [Table("What was said before the run, and what came", columns, rows)] if rows else []


def _money(value: float | None) -> str:
    return words.NOT_KNOWN if value is None else words.number(value, 2)


_MONEY_AND_SIZES = {"seconds": words.duration, "memory_bytes": words.size, "disk_bytes": words.size, "money": _money}


def _whole(value: float | None) -> str:
    return words.NOT_KNOWN if value is None else f"{value:,.0f}"


def _cost(job: ReportedJob) -> list[Block]:
    cost = job.cost
    rows = [
        ("Time of the run", words.duration(cost.seconds)),
        ("Time in the queue", words.duration(cost.waited_s)),
        (
            "Processor time",
            words.duration(cost.core_seconds) if cost.core_seconds is None else f"about {words.duration(cost.core_seconds)}",
        ),
        ("Most memory", words.size(cost.peak_memory_bytes)),
        ("Energy", "not measured" if cost.energy_wh is None else f"{words.number(cost.energy_wh)} Wh"),
        ("Money", "not known" if cost.money is None else f"{cost.money:.2f} {cost.currency or ''}".strip()),
    ]
    return [Facts(rows)]


def _environment(job: ReportedJob) -> list[Block]:
    found = job.environment
    rows = [
        ("Device", found.device or words.NOT_KNOWN),
        ("Threads", words.NOT_KNOWN if found.threads is None else str(found.threads)),
        ("Parameters", words.NOT_KNOWN if found.num_parameters is None else f"{found.num_parameters:,}"),
        *([("Parameters trained", f"{found.num_trainable:,}")] if found.num_trainable is not None else []),
        ("Runs", "one" if found.num_runs == 1 else f"{found.num_runs}: the job was interrupted or retried" if found.num_runs else "none"),
        *((name.capitalize(), version) for name, version in found.versions.items()),
        ("LLM Tuner", found.product_version),
    ]
    return [Facts(rows)]


def _reproduction(job: ReportedJob) -> list[Block]:
    found = job.reproduction
    rows = [
        ("Seed", words.NOT_KNOWN if found.seed is None else str(found.seed)),
        ("Data", found.content_sha256),
        ("Weights", found.weights_sha256 or words.NOT_KNOWN),
        ("Training loss", words.NOT_KNOWN if found.train_loss is None else repr(found.train_loss)),
        ("Validation loss", words.NOT_KNOWN if found.validation_loss is None else repr(found.validation_loss)),
    ]
    blocks: list[Block] = [Paragraph(found.words), Facts(rows)]
    if found.commands:
        how = "Save this report as JSON, then run one of these in the folder of LLM Tuner:"
        blocks.append(Paragraph(f"{how} with the documents that it keeps, or with files of your own."))
        blocks.append(Lines("Commands", found.commands))
    return blocks


def _log(log: list[LogLine] | None, *, shortened: bool) -> list[Block]:
    if log is None:
        return []
    if not log:
        return [Paragraph("The run said nothing.")]
    lines = [f"{line.at:%H:%M:%S} {'' if line.level == 'info' else line.level + ': '}{line.text}" for line in log]
    caption = f"What the trainer said{', beginning and end' if shortened else ''}; times are UTC"
    return [Lines(caption, lines)]
