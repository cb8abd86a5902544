"""The composition root: settings -> adapters -> services. The only file that knows which adapters exist; it calls constructors."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

from server.adapters.blobs_disk import DiskBlobs
from server.adapters.clock_system import SystemClock
from server.adapters.hub_probe import HubProbe
from server.adapters.inspector_process import InspectorProcess
from server.adapters.launch_local import LocalLauncher
from server.adapters.look_process import LookProcess
from server.adapters.records_sqlite import SqliteRecords
from server.background.errands import Errands
from server.background.generation import Generator
from server.background.supervisor import Supervisor
from server.background.sweeper import Sweeper
from server.domain.accounts.administration import Directory
from server.domain.accounts.departure import Departure
from server.domain.accounts.export import Export
from server.domain.accounts.foreign import ForeignSignIn
from server.domain.accounts.service import Accounts
from server.domain.datasets.looks import Looks
from server.domain.datasets.service import Datasets
from server.domain.documents.service import Documents
from server.domain.documents.uploads import Uploads
from server.domain.documents.usage import Room
from server.domain.jobs.lifecycle import Folders, Lifecycle
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.service import Jobs
from server.domain.models.catalogue import BaseModels
from server.domain.models.tuned import TunedModels
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.identity import Identity
from server.ports.launcher import Launcher
from server.ports.records import Records
from server.settings import REPOSITORY, Settings, signing_secret


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
    foreign_sign_in: ForeignSignIn | None
    directory: Directory
    departure: Departure
    export: Export
    documents: Documents
    uploads: Uploads
    datasets: Datasets
    base_models: BaseModels
    tuned_models: TunedModels
    jobs: Jobs
    supervisor: Supervisor
    generator: Generator
    sweeper: Sweeper
    errands: Errands
    missing_settings: MissingSettings
    free_bytes: Callable[[], int]

    def start(self) -> None:
        self.supervisor.start()
        self.sweeper.start()

    def stop(self) -> None:
        """Runs go on without us; what only serves us ends with us."""
        self.supervisor.stop()
        self.sweeper.stop()
        self.generator.stop()
        self.errands.stop()
        self.records.close()


def build(settings: Settings) -> Services:
    for folder in settings.folders():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def free_bytes() -> int:
        return shutil.disk_usage(settings.home).free

    clock = SystemClock()
    records = SqliteRecords(settings.records_file)
    blobs = DiskBlobs(settings.blobs_folder)
    hub = {"HF_ENDPOINT": settings.hub_url, "HF_HUB_OFFLINE": str(int(settings.hub == "off"))}
    launcher = LocalLauncher(REPOSITORY, hub)
    errands = Errands("errands")
    secret = signing_secret(settings)
    accounts = Accounts(
        records,
        clock,
        secret=secret,
        access_token_ttl_s=settings.access_token_ttl_s,
        session_ttl_s=settings.session_ttl_s,
        later=errands,
        public_url=settings.page_url,
        registration=settings.registration_mode,
    )
    identity = _identity(settings, clock)
    room = Room(
        records,
        max_upload_bytes=settings.max_upload_bytes,
        quota_bytes=settings.user_quota_bytes,
        free_bytes=free_bytes,
        min_free_bytes=settings.min_free_bytes,
    )
    documents = Documents(records, blobs, clock, InspectorProcess(REPOSITORY), room, samples_folder=REPOSITORY / "shared" / "samples")
    datasets = Datasets(records, clock, documents)
    looks = Looks(
        blobs,
        LookProcess(REPOSITORY, hub),
        base_models_folder=settings.base_models_folder,
        own_models_folder=settings.own_models_folder,
    )
    base_models = BaseModels(
        base_models_folder=settings.base_models_folder,
        own_models_folder=settings.own_models_folder,
        hub_off=settings.hub == "off",
        hub_reachable=HubProbe(settings.hub_url),
    )
    tuned_models = TunedModels(records, blobs)
    readers = RunReaders()
    jobs = Jobs(
        records,
        clock,
        documents,
        datasets,
        looks,
        base_models,
        readers,
        runs_folder=settings.runs_folder,
        free_bytes=free_bytes,
        min_free_bytes=settings.min_free_bytes,
    )
    lifecycle = Lifecycle(
        records,
        blobs,
        clock,
        launcher,
        documents,
        tuned_models,
        readers,
        folders=Folders(settings.runs_folder, settings.base_models_folder, settings.own_models_folder),
        trainer_threads=settings.trainer_threads,
    )
    supervisor = Supervisor(lifecycle)
    jobs.wake = supervisor.wake
    generator = Generator(launcher, clock, base_models_folder=settings.base_models_folder, threads=settings.trainer_threads)
    uploads = Uploads(records, blobs, clock, documents)
    departure = Departure(records, clock, accounts, jobs, tuned_models, datasets, documents, uploads)
    return Services(
        settings,
        clock,
        records,
        blobs,
        launcher,
        accounts,
        None if identity is None else ForeignSignIn(records, clock, identity, accounts, secret=secret),
        Directory(records, clock, accounts, room),
        departure,
        Export(accounts, documents, datasets, jobs, tuned_models),
        documents,
        uploads,
        datasets,
        base_models,
        tuned_models,
        jobs,
        supervisor,
        generator,
        Sweeper(records, clock, accounts, departure),
        errands,
        MissingSettings(
            google=settings.missing_for_google(),
            email=["LLM_TUNER_SMTP_HOST", "LLM_TUNER_SMTP_FROM"],
        ),
        free_bytes,
    )


def _identity(settings: Settings, clock: Clock) -> Identity | None:
    """Only with both settings; and its libraries, a fifth of a second of the start, are loaded only then."""
    if settings.google_client_id is None or settings.google_client_secret is None:
        return None
    from server.adapters.identity_google import OpenIdProvider

    return OpenIdProvider(
        clock,
        issuer=settings.oidc_issuer,
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret.get_secret_value(),
    )
