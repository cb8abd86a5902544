"""What the server counts and measures, in the words of Prometheus. Labels are templates, methods, states: never an id, a name or a path.

`app.py` makes one of each for an application; `routes/metrics.py` decides who may read them.
"""

import shutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.errors import LlmTunerError
from server.settings import VERSION
from server.web.broadcast import Broadcasts

if TYPE_CHECKING:
    from server.wiring import Services

# From a poll that is answered at once to an upload's last part.
_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = structlog.get_logger()


class RequestMeter:
    """Counts every request. Called from the event loop for each of them, so the labelled counters are looked up once and kept."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter("llm_tuner_requests", "Requests that were answered.", ["method", "route", "status"], registry=registry)
        self._seconds = Histogram(
            "llm_tuner_request_seconds",
            "Seconds from a request to the beginning of its answer.",
            ["method", "route"],
            registry=registry,
            buckets=_BUCKETS_S,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        method = method if method in _METHODS else "other"
        known = self._known.get((method, route, status))
        if known is None:
            known = self._requests.labels(method, route, str(status)), self._seconds.labels(method, route)
            self._known[method, route, status] = known
        known[0].inc()
        known[1].observe(seconds)


class InstallationCollector(Collector):
    """What is asked for at every scrape: jobs, viewers, disk. Where the records do not answer, the rest is told all the same."""

    def __init__(self, services: "Services", broadcasts: Broadcasts) -> None:
        self._services = services
        self._broadcasts = broadcasts

    def collect(self) -> Iterator[Metric]:
        yield _labelled("llm_tuner_build_info", "Always 1; the version is the label.", "version", {VERSION: 1})
        yield GaugeMetricFamily("llm_tuner_stream_viewers", "Open streams of jobs.", self._broadcasts.num_viewers)
        yield GaugeMetricFamily("llm_tuner_watched_logs", "Jobs whose log somebody looks at.", self._broadcasts.num_watches)
        yield from self._disk()
        try:
            found = [*self._live(), *self._kept()]
        except LlmTunerError as error:
            _log.warning("metrics_without_records", reason=str(error))
            found = []
        yield GaugeMetricFamily("llm_tuner_records_up", "1 when the records could be read for this answer.", int(bool(found)))
        yield from found

    def _disk(self) -> Iterator[Metric]:
        try:
            disk = shutil.disk_usage(self._services.settings.home)
        except OSError as error:
            _log.warning("metrics_without_disk", reason=str(error))
            return
        yield GaugeMetricFamily("llm_tuner_disk_free_bytes", "Free on the disk of the data folder.", disk.free)
        yield GaugeMetricFamily("llm_tuner_disk_total_bytes", "Size of the disk of the data folder.", disk.total)

    def _live(self) -> Iterator[Metric]:
        live = self._services.census.live()
        states = {"queued": live.queued, "running": live.running, "paused": live.paused}
        yield _labelled("llm_tuner_live_jobs", "Jobs that wait, run or rest.", "state", states)
        yield GaugeMetricFamily("llm_tuner_queue_length", "Jobs that wait for their turn.", live.queued)
        yield GaugeMetricFamily("llm_tuner_running_trainers", "Trainings that this server watches.", live.watched)
        yield GaugeMetricFamily("llm_tuner_stalled_trainers", "Trainings that have done nothing for a while.", live.stalled)

    def _kept(self) -> Iterator[Metric]:
        kept = self._services.census.kept()
        yield _labelled("llm_tuner_ended_jobs", "Jobs that are over and not deleted; counted every 15 minutes.", "state", kept.ended)
        yield GaugeMetricFamily("llm_tuner_users", "Accounts; counted every 15 minutes.", kept.users)
        yield GaugeMetricFamily(
            "llm_tuner_storage_bytes", "Documents, uploads and models of all users; counted every 15 minutes.", kept.storage_bytes
        )


def registry_of(services: "Services", broadcasts: Broadcasts) -> CollectorRegistry:
    """With the process's own memory, processor time and open files. One for each application: nothing here is global."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(InstallationCollector(services, broadcasts))
    return registry


def _labelled(name: str, words: str, label: str, values: Mapping[Any, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family
