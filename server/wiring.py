"""The composition root: settings -> adapters -> services. The only file that knows which adapters exist; it calls constructors."""

import shutil
from dataclasses import dataclass

from server.adapters import processes
from server.adapters.blobs_disk import DiskBlobs
from server.adapters.clock_system import SystemClock
from server.adapters.hub_probe import HubProbe
from server.adapters.inspector_process import InspectorProcess
from server.adapters.launch_local import LocalLauncher
from server.adapters.look_process import LookProcess
from server.adapters.records_sqlite import SqliteRecords
from server.adapters.server_lock import ServerLocks
from server.background.generation import Generator
from server.background.supervisor import Supervisor
from server.domain.accounts.service import Accounts
from server.domain.datasets.looks import Looks
from server.domain.datasets.service import Datasets
from server.domain.documents.service import Documents
from server.domain.documents.uploads import Uploads
from server.domain.documents.usage import Room
from server.domain.jobs.leases import Leases
from server.domain.jobs.lifecycle import Lifecycle
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.moves import Moves
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.queue import Queue
from server.domain.jobs.service import Jobs
from server.domain.jobs.slots import slots
from server.domain.jobs.specs import Folders, Specs
from server.domain.jobs.submissions import DiskRoom, Submissions
from server.domain.jobs.tidying import Tidying
from server.domain.jobs.uses import Uses
from server.domain.models.catalogue import BaseModels
from server.domain.models.tuned import TunedModels
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.launcher import Launcher
from server.ports.records import Records
from server.settings import REPOSITORY, Settings, signing_secret


@dataclass(frozen=True)
class Services:
    """Everything a route may use. One of each for the life of the server."""

    settings: Settings
    clock: Clock
    records: Records
    blobs: Blobs
    launcher: Launcher
    accounts: Accounts
    documents: Documents
    uploads: Uploads
    datasets: Datasets
    base_models: BaseModels
    tuned_models: TunedModels
    jobs: Jobs
    live: LiveJobs
    supervisor: Supervisor
    generator: Generator
    leases: Leases
    locks: ServerLocks

    def start(self) -> None:
        self.locks.sweep()
        self.locks.hold(self.leases.me)
        self.supervisor.start()

    def stop(self) -> None:
        """Runs go on without us; what only serves us ends with us."""
        self.supervisor.stop()
        self.generator.stop()
        self.records.close()
        self.locks.release()


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
    accounts = Accounts(
        records,
        clock,
        secret=signing_secret(settings),
        access_token_ttl_s=settings.access_token_ttl_s,
        session_ttl_s=settings.session_ttl_s,
    )
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
    folders = Folders(settings.runs_folder, settings.base_models_folder, settings.own_models_folder)
    free_slots = slots(
        max_runs=settings.max_runs,
        num_accelerators=processes.num_accelerators(),
        threads=settings.trainer_threads,
        free_memory_bytes=processes.free_memory_bytes,
    )
    queue = Queue(records, slots=free_slots.number)
    tidying = Tidying(records, readers, folders)
    submissions = Submissions(
        records,
        clock,
        documents,
        datasets,
        looks,
        base_models,
        tuned_models,
        queue,
        room=DiskRoom(free_bytes, settings.min_free_bytes),
    )
    moves = Moves(records, clock, queue, submissions, tidying)
    jobs = Jobs(records, clock, readers, queue, submissions, moves, Uses(records, documents, tuned_models), folders=folders)
    locks = ServerLocks(settings.servers_folder)
    leases = Leases(records, clock, me=clock.new_id("srv"), is_gone=locks.is_gone)
    lifecycle = Lifecycle(
        records,
        clock,
        launcher,
        tuned_models,
        readers,
        Specs(blobs, documents, tuned_models, folders),
        queue,
        leases,
        tidying,
        slots=free_slots,
        folders=folders,
    )
    supervisor = Supervisor(lifecycle, leases, tidying)
    jobs.wake = supervisor.wake
    generator = Generator(launcher, clock, base_models_folder=settings.base_models_folder, threads=settings.trainer_threads)
    return Services(
        settings,
        clock,
        records,
        blobs,
        launcher,
        accounts,
        documents,
        Uploads(records, blobs, clock, documents),
        datasets,
        base_models,
        tuned_models,
        jobs,
        LiveJobs(records, clock, readers, runs_folder=settings.runs_folder),
        supervisor,
        generator,
        leases,
        locks,
    )
