"""The model of a checkpoint, to be asked while the run goes on or rests. The run's spec stands two folders above."""

from pathlib import Path

from pydantic import ValidationError

from server.tuning import lora
from server.tuning.checkpoint import BadCheckpoint, verified
from server.tuning.model import CausalModel
from server.tuning.model_folder import DamagedModel, end_ids
from server.tuning.snapshot import restore_weights
from server.tuning.start import model_of, ready_base, what_trains
from server.tuning.tokens import TextTokenizer, load_tokenizer
from shared.job_spec import SPEC_FILE, JobSpec


def load_checkpoint(folder: Path) -> tuple[CausalModel, TextTokenizer, list[int]]:
    """The model as it was at that step, its tokenizer, and the tokens that end a generation. Raises `DamagedModel`.

    Every byte is checked first. The trainer may remove an older checkpoint at any time; that is damage, too.
    """
    try:
        verified(folder)
        spec = JobSpec.model_validate_json((folder.parents[1] / SPEC_FILE).read_bytes())
        base = ready_base(spec, lambda _message, _fraction: None)
        tokenizer = load_tokenizer(base.folder or folder)
        model = model_of(base, tokenizer, spec.settings.seed)
        parameters = what_trains(model, spec.method, spec.settings)
        restore_weights(folder, parameters.data)
    except (BadCheckpoint, ValidationError, OSError) as error:
        raise DamagedModel("the checkpoint is no longer there, or is not what was written; take a newer one") from error
    lora.merge(model)
    ends = end_ids(base.folder) if base.folder is not None else []
    return model, tokenizer, list(dict.fromkeys([*ends, tokenizer.eos_id]))
