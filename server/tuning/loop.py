"""The training loop: batches, steps, evaluations at regular intervals, and checkpoints. Deterministic by seed and threads, whether it
runs in one go or goes on from a checkpoint.

A state is only ever saved at the border of two steps. A request to stop is heard everywhere but where weights or counters move, and throws
a half-made step away.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor

from server.tuning import failures
from server.tuning.device import busy_percent, release_memory
from server.tuning.divergence import has_run_away, start_of
from server.tuning.evaluate import mean_loss
from server.tuning.events import EventLog
from server.tuning.failures import Cancelled
from server.tuning.flat import FlatParameters
from server.tuning.keeper import Keeper
from server.tuning.loss import head_loss
from server.tuning.model import CausalModel
from server.tuning.optimizer import Optimizer
from server.tuning.pace import Pace
from server.tuning.packing import Batch, Blocks
from server.tuning.preference import Preference, Preferred
from server.tuning.process import CpuMeter, StopRequest, memory_bytes
from server.tuning.progress import Progress
from server.tuning.resume import Resumed
from server.tuning.schedule import batch_shape, num_steps, rate_at, warmup_steps
from server.tuning.snapshot import WEIGHTS, Snapshot
from shared.constants import Method
from shared.job_spec import RunSettings
from shared.model_folder import DamagedModel
from shared.trainer_events import EvaluationEvent, ProgressEvent

_EVALUATIONS = 4
_EVALUATIONS_TO_STOP_BY = 12


class Loop:
    """Trains `parameters` of `model` on `blocks`. `tail_s` is how long the caller expects to need after the last step, for the ETA.

    The first step is begun at once, and shows soon whether the memory is enough. When its gradient is there the model is still the base:
    then the base is validated, and `ask_base` may ask it whatever is to be compared later.
    """

    def __init__(
        self,
        model: CausalModel,
        parameters: FlatParameters,
        blocks: Blocks,
        *,
        validation: Sequence[Batch],
        method: Method,
        settings: RunSettings,
        events: EventLog,
        stop: StopRequest,
        keeper: Keeper,
        resumed: Resumed | None,
        tail_s: float,
        ask_base: Callable[[], None],
        threads: int,
        preference: Preference | None = None,
    ) -> None:
        self.num_steps = num_steps(settings, len(blocks))
        self._model, self._flat, self._blocks = model, parameters, blocks
        self._validation, self._method, self._settings, self._events = validation, method, settings, events
        self._stop, self._keeper, self._preference, self._ask_base = stop, keeper, preference, ask_base
        self._optimizer = Optimizer(parameters, weight_decay=settings.weight_decay, max_grad_norm=settings.max_grad_norm)
        self._evaluated_at = evaluation_steps(self.num_steps, _EVALUATIONS_TO_STOP_BY if settings.early_stopping else _EVALUATIONS)
        self._cpu = CpuMeter(threads)
        self.progress = Progress() if resumed is None else resumed.restore(self._tensors())
        self._untold: list[float] = []
        self._pace = Pace(self.num_steps, tail_s, None if resumed is None else resumed.numbers["pace"])

    def run(self) -> None:
        """All steps that are left. Raises the failures `nan_loss` and `diverged`; `Cancelled`, after saving the last whole step."""
        with self._stop.shielded():
            try:
                self._train()
                with self._stop.heard():
                    pass  # A request that came after the last step was made.
            except Cancelled:
                self._flat.grad.zero_()  # Of a step that was begun and will be made again.
                if self.progress.step:
                    self._keeper.save(self._snapshot())
                raise
            finally:
                self._keeper.finish()

    def _train(self) -> None:
        if self.progress.step:
            self._evaluate_if_due()
        self._pace.evaluations_left = sum(step > self.progress.step for step in self._evaluated_at) + (not self.progress.step)
        for indices in self._steps():
            loss, rate, norm = self._make_step(indices)
            self._check(loss, norm)
            self._tell(loss, rate, norm)
            self._evaluate_if_due()
            self._keeper.look()
            if self._keeper.is_due:
                self._keeper.save(self._snapshot())

    def _steps(self) -> Iterator[list[int]]:
        """The blocks of each step that is left, drawn from one endless order."""
        order = self._blocks.endless(self._settings.seed)
        per_step = math.prod(batch_shape(self._settings, len(self._blocks)))
        done = self.progress.step
        for _ in islice(order, done * per_step):
            pass
        for _ in range(done, self.num_steps):
            if 0 < self._settings.early_stopping <= self.progress.stale:
                self._events.log(f"Ended after step {self.progress.step}: {self.progress.stale} validations in a row found nothing better.")
                return
            yield list(islice(order, per_step))

    def _make_step(self, indices: list[int]) -> tuple[float, float, float]:
        """Loss per learned token before the step, its rate, and the gradient's norm."""
        began = time.monotonic()
        with self._stop.heard():
            loss, batches = self._gradient_that_fits(indices)
        if not self.progress.step:
            began += self._look_at_base()
        self._keeper.before_weights_move()
        rate = self._rate(self.progress.step + 1)
        norm = self._optimizer.step(rate)
        self._pace.stepped(time.monotonic() - began)
        self.progress.stepped(
            loss,
            num_rows=sum(batch.num_rows for batch in batches),
            num_trained=sum(batch.num_trained for batch in batches),
            train_seconds=self._pace.train_s,
        )
        return loss, rate, norm

    def _gradient_that_fits(self, indices: list[int]) -> tuple[float, list[Batch]]:
        """Of all these blocks, in batches as large as the settings say. Where memory runs out they are halved from here on, which takes
        twice as many to a step and changes nothing that is learned."""
        if self._settings.lora_dropout:  # By the step, so that one that is made again hides the same.
            torch.manual_seed(self._settings.seed * 1_000_003 + self.progress.step)
        while True:
            size = max(1, batch_shape(self._settings, len(self._blocks))[0] >> self.progress.halvings)
            batches = [self._blocks.batch(indices[start : start + size]) for start in range(0, len(indices), size)]
            try:
                return self._gradient(batches), batches
            except Exception as error:
                if size == 1 or not failures.is_out_of_memory(error):
                    raise
            self._flat.grad.zero_()
            release_memory(self._flat.data.device)
            self.progress.halvings += 1
            parts = "1 block" if size < 4 else f"{size // 2} blocks"
            self._events.warn(
                f"Memory ran out. From here on a batch has {parts} instead of {size}, and a step more batches: it learns the same."
            )

    def _gradient(self, batches: list[Batch]) -> float:
        if self._preference is not None:
            return self._preference.gradient(self._model, batches)
        scale = 1 / sum(batch.num_trained for batch in batches)
        loss = 0.0
        for batch in batches:
            hidden = self._model.hidden(batch.ids, batch.spans).index_select(0, batch.rows)
            part = head_loss(hidden, self._model.head_weight, batch.targets, scale, self._settings.label_smoothing)
            part.backward()
            loss += float(part.detach())
        return loss

    def _rate(self, step: int) -> float:
        settings = self._settings
        return rate_at(step, self.num_steps, peak=settings.learning_rate, warmup_ratio=settings.warmup_ratio, scheduler=settings.scheduler)

    def _check(self, loss: float, norm: float) -> None:
        progress = self.progress
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise self._no_number(
                of_base=progress.step == 1 and not math.isfinite(loss)
            )  # The first loss is of weights that nothing moved.
        count = len(progress.losses)
        if progress.step < count + max(count, warmup_steps(self.num_steps, self._settings.warmup_ratio)):
            return
        if has_run_away(start_of(progress.first_losses, progress.loss_before), list(progress.losses)):
            raise failures.diverged(progress.step, self._settings.learning_rate, self._method)

    def _no_number(self, *, of_base: bool) -> Exception:
        """No rate is to blame for what a model computes before its weights have moved."""
        if of_base and self._method != "scratch":
            return DamagedModel("the weights hold what is no number")
        return failures.nan_loss(self.progress.step, self._settings.learning_rate, self._method)

    def _tell(self, loss: float, rate: float, norm: float) -> None:
        step = self.progress.step
        if not self._pace.is_time_to_tell(last=step == self.num_steps):
            self._untold.append(loss)
            return
        untold, self._untold = self._untold, []
        self._events.write(
            ProgressEvent,
            step=step,
            num_steps=self.num_steps,
            epoch=round(step * math.prod(batch_shape(self._settings, len(self._blocks))) / len(self._blocks), 3),
            loss=loss,
            learning_rate=rate,
            grad_norm=norm,
            tokens_per_s=round(self.progress.tokens_per_s, 1),
            eta_s=round(self._pace.eta_s(step), 1),
            elapsed_s=round(self._pace.elapsed_s, 2),
            memory_bytes=memory_bytes(),
            losses_before=untold,
            cpu_percent=self._cpu.percent(),
            gpu_percent=busy_percent(self._flat.data.device),
            **_told(self._preference and self._preference.last),
        )

    def _look_at_base(self) -> float:
        """Before anything of it moves. Returns how many seconds it took."""
        began = time.monotonic()
        self._evaluate_if_due()
        asking = time.monotonic()
        with self._stop.heard():
            self._ask_base()
        self._pace.asked_s = time.monotonic() - asking
        return time.monotonic() - began

    def _evaluate_if_due(self) -> None:
        """Before the weights first move, at the steps chosen for it, and where an earlier attempt was stopped just before."""
        progress = self.progress
        due = progress.step == 0 or progress.step in self._evaluated_at
        if not self._validation or not due or progress.evaluated == progress.step:
            return
        began = time.monotonic()
        with self._stop.heard():
            preference, part = self._preference, self._validation
            loss = mean_loss(self._model, part) if preference is None else preference.validate(self._model, part)
        self._pace.evaluated(time.monotonic() - began)
        if not math.isfinite(loss):
            raise self._no_number(of_base=progress.step == 0)
        self._take(loss)

    def _take(self, loss: float) -> None:
        """What a validation found."""
        progress, step = self.progress, self.progress.step
        best = progress.best_loss is None or loss < progress.best_loss
        progress.stale = 0 if best or not step else progress.stale + 1
        if step == 0:
            progress.loss_before = loss
        elif best or progress.best is None:
            progress.best_loss, progress.best_step, progress.best = loss, step, None if step == self.num_steps else self._flat.copy()
        progress.evaluated, progress.validation_loss = step, loss
        self._events.write(
            EvaluationEvent,
            step=step,
            loss=loss,
            perplexity=math.exp(min(loss, 50)) if self._preference is None else None,
            elapsed_s=round(self._pace.elapsed_s, 2),
            best=best,
            **_told(self._preference and self._preference.validated),
        )

    def _snapshot(self) -> Snapshot:
        progress = self.progress
        return Snapshot(
            step=progress.step,
            numbers={"progress": progress.numbers(), "pace": self._pace.numbers()},
            tensors=self._tensors(),
            best=progress.best,
            best_step=progress.best_step,
            validation_loss=progress.validation_loss,
        )

    def _tensors(self) -> dict[str, Tensor]:
        """Everything that the steps change, under its name in a checkpoint."""
        return {WEIGHTS: self._flat.data, **self._optimizer.tensors()}


def _told(preferred: Preferred | None) -> dict[str, float]:
    return {} if preferred is None else {"reward_margin": preferred.reward_margin, "preference_accuracy": preferred.accuracy}


def evaluation_steps(num_steps: int, count: int = _EVALUATIONS) -> set[int]:
    """Evenly spaced, the last step among them."""
    count = min(count, num_steps)
    return {round(num_steps * (i + 1) / count) for i in range(count)}
