"""A run as the store knows it: one pointer document for each job that has one."""

from dataclasses import dataclass

from server.domain import keys
from server.ports.records import Put, Record


@dataclass(frozen=True)
class Run:
    """A job that has a run: its pointer. `handle` is None between the decision to start it and its start."""

    job_id: str
    owner: str
    handle: str | None
    run_id: str
    fence: int
    holder: str
    slot: int
    turn: int
    stalled_since: str | None
    version: int

    def put(self, *, expect: int) -> Put:
        data = {name: getattr(self, name) for name in ("owner", "handle", "run_id", "fence", "holder", "slot", "turn", "stalled_since")}
        return Put(keys.running(self.job_id), data, expect)

    @classmethod
    def of(cls, record: Record) -> "Run":
        """Older servers wrote fewer fields."""
        known = {"run_id": "", "fence": 1, "holder": "", "slot": 0, "turn": 0, "stalled_since": None}
        return cls(job_id=record.key.sort, version=record.version, **{**known, **record.data})
