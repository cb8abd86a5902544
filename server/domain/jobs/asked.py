"""What a job was asked for in the words of OpenAI's API, beyond what those of the product can say. Kept with the job, shown there again."""

from typing import Literal

from pydantic import BaseModel

Number = int | float | Literal["auto"]


class AskedThere(BaseModel):
    """`remarks` are what the person should know about how the request was understood; they open the job's events."""

    model: str
    n_epochs: Number = "auto"
    batch_size: Number = "auto"
    learning_rate_multiplier: Number = "auto"
    beta: Number = "auto"
    metadata: dict[str, str] | None = None
    remarks: list[str] = []
