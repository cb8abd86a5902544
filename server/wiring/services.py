"""What the server is made of, as `build` put it together: one of each for the life of the server."""

from collections.abc import Callable
from dataclasses import dataclass, field

from server.adapters.calibration_process import CalibrationProcess
from server.adapters.server_lock import ServerLocks
from server.background.copier import Copier
from server.background.errands import Errands
from server.background.examiner import Examiner
from server.background.exporter import Exporter
from server.background.generation import Generator
from server.background.notifier import Notifier
from server.background.serving import Serving
from server.background.standby import Standby
from server.background.supervisor import Supervisor
from server.background.sweeper import Sweeper
from server.domain.accounts.administration import Directory
from server.domain.accounts.departure import Departure
from server.domain.accounts.export import Export
from server.domain.accounts.foreign import ForeignSignIn
from server.domain.accounts.service import Accounts
from server.domain.census import Census
from server.domain.datasets.service import Datasets
from server.domain.documents.service import Documents
from server.domain.documents.uploads import Uploads
from server.domain.guides.service import Guides
from server.domain.jobs.leases import Leases
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.service import Jobs
from server.domain.models.catalogue import BaseModels
from server.domain.models.exports import Exports
from server.domain.models.tuned import TunedModels
from server.domain.notifications.service import Notifications
from server.domain.openai.face import OpenAiFace
from server.domain.reports.service import Reports
from server.domain.reports.shares import Shares
from server.domain.testing.evaluations import Evaluations
from server.domain.testing.submissions import TestSubmissions
from server.domain.testing.test_sets import TestSets
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.launcher import Launcher
from server.ports.records import Records
from server.settings import Settings


@dataclass(frozen=True)
class MissingSettings:
    """The names of what would have to be set for a service that is off; empty lists where it is on."""

    google: list[str] = field(default_factory=list)
    email: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Services:
    """Everything a route may use. One of each for the life of the server."""

    settings: Settings
    clock: Clock
    records: Records
    blobs: Blobs
    launcher: Launcher
    accounts: Accounts
    directory: Directory
    departure: Departure
    export: Export
    foreign_sign_in: ForeignSignIn | None
    documents: Documents
    uploads: Uploads
    datasets: Datasets
    base_models: BaseModels
    tuned_models: TunedModels
    jobs: Jobs
    guides: Guides
    submissions: TestSubmissions
    test_sets: TestSets
    evaluations: Evaluations
    examiner: Examiner
    live: LiveJobs
    supervisor: Supervisor
    standby: Standby
    copier: Copier
    generator: Generator
    sweeper: Sweeper
    errands: Errands
    letters: Errands
    missing_settings: MissingSettings
    free_bytes: Callable[[], int]
    notifications: Notifications
    notifier: Notifier
    leases: Leases
    locks: ServerLocks
    reports: Reports
    shares: Shares
    census: Census
    calibration: CalibrationProcess
    openai: OpenAiFace
    texts: Serving
    exports: Exports
    exporter: Exporter

    def start(self) -> None:
        self.locks.hold(self.leases.me)
        self.supervisor.start()
        self.standby.start()
        self.examiner.start()
        self.exporter.start()
        self.copier.start()
        self.sweeper.start()
        self.notifier.start()

    def stop(self) -> None:
        """Runs go on without us; what only serves us ends with us."""
        self.examiner.stop()
        self.exporter.stop()
        self.supervisor.stop()
        self.standby.stop()
        self.copier.stop()
        self.sweeper.stop()
        self.notifier.stop()
        self.generator.stop()
        self.calibration.stop()
        self.texts.stop()
        self.errands.stop()
        self.letters.stop()
        self.records.close()
        self.locks.release()
        self.locks.sweep()
