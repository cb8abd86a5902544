"""The composition root: settings -> adapters -> services. The only folder that knows which adapters exist; it calls constructors."""

import shutil
from pathlib import Path

from server.adapters import processes
from server.adapters.calibration_process import CalibrationProcess
from server.adapters.clock_system import SystemClock
from server.adapters.contents_process import ContentsProcess
from server.adapters.hub_probe import HubProbe
from server.adapters.inspector_process import InspectorProcess
from server.adapters.launch_local import LocalLauncher
from server.adapters.look_process import LookProcess
from server.adapters.mail_smtp import SmtpMailer
from server.adapters.programs import Programs
from server.adapters.server_lock import ServerLocks
from server.adapters.standby_local import StandbyTrainer
from server.adapters.typeset_process import TypesetProcess
from server.adapters.webhook_http import HttpWebhooks
from server.background.aside import InBackground
from server.background.copier import Copier
from server.background.errands import Errands
from server.background.examiner import Examiner
from server.background.exporter import Exporter
from server.background.generation import Generator
from server.background.measuring import Measuring
from server.background.notifier import Notifier
from server.background.posting import posting
from server.background.serving import Serving, ServingOptions
from server.background.standby import Standby
from server.background.supervisor import Supervisor
from server.background.sweeper import Sweeper
from server.background.whole_answers import WholeAnswers
from server.domain.accounts.administration import Directory
from server.domain.accounts.departure import Departure
from server.domain.accounts.export import Export
from server.domain.accounts.foreign import ForeignSignIn
from server.domain.accounts.service import Accounts
from server.domain.accounts.testing import Testing
from server.domain.census import Census
from server.domain.datasets.looks import Looks
from server.domain.datasets.service import Datasets
from server.domain.documents.contents import DocumentContents
from server.domain.documents.pieces import Pieces
from server.domain.documents.service import Documents
from server.domain.documents.uploads import Uploads
from server.domain.documents.usage import Room
from server.domain.forecasts.calibrations import Calibrations
from server.domain.forecasts.forecaster import Forecaster
from server.domain.guides.service import Guides
from server.domain.jobs.aside import at_once
from server.domain.jobs.copies import RunCopies
from server.domain.jobs.fetching import RunFetches
from server.domain.jobs.leases import Leases
from server.domain.jobs.leftovers import Leftovers
from server.domain.jobs.lifecycle import Lifecycle
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.moves import Moves
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.queue import Queue
from server.domain.jobs.service import Jobs
from server.domain.jobs.slots import slots
from server.domain.jobs.specs import Folders, Specs
from server.domain.jobs.submissions import Submissions
from server.domain.jobs.superseded import Superseded
from server.domain.jobs.tidying import Tidying
from server.domain.jobs.uses import Uses
from server.domain.models.catalogue import BaseModels
from server.domain.models.exports import Exports
from server.domain.models.tuned import TunedModels
from server.domain.notifications.service import Notifications
from server.domain.openai.face import face_over
from server.domain.reports.material import JobMaterial
from server.domain.reports.service import Reports
from server.domain.reports.shares import Shares
from server.domain.reports.tests import TestsOfModels
from server.domain.testing.evaluations import Evaluations
from server.domain.testing.progress import TestReaders
from server.domain.testing.results import KeptItems
from server.domain.testing.running import TestRuns
from server.domain.testing.specs import EvaluationSpecs
from server.domain.testing.states import EvaluationStore
from server.domain.testing.submissions import TestSubmissions
from server.domain.testing.test_sets import TestSets
from server.ports.launcher import end_all_in
from server.settings import REPOSITORY, VERSION, Settings, signing_secret
from server.wiring.chosen import blobs_of, identity_of, machine_of, mail_server, place_of, records_of
from server.wiring.services import MissingSettings, Services

__all__ = ["MissingSettings", "Services", "build"]


def build(settings: Settings) -> Services:
    for folder in settings.folders():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def free_bytes() -> int:
        return shutil.disk_usage(settings.home).free

    clock = SystemClock()
    records = records_of(settings)
    blobs = blobs_of(settings)
    hub = {"HF_ENDPOINT": settings.hub_url, "HF_HUB_OFFLINE": str(int(settings.hub == "off"))}
    programs = Programs(REPOSITORY, hub)
    standby_trainer = StandbyTrainer(programs, settings.standby_folder)
    launcher = LocalLauncher(programs, standby=standby_trainer)
    errands, letters = Errands("errands"), Errands("letters")
    mailer = SmtpMailer(mail_server(settings), clock)
    secret = signing_secret(settings)
    accounts = Accounts(
        records,
        clock,
        secret=secret,
        access_token_ttl_s=settings.access_token_ttl_s,
        session_ttl_s=settings.session_ttl_s,
        later=errands,
        post=None if mailer.missing() else posting(mailer, clock, letters),
        public_url=settings.address,
        registration=settings.registration_mode,
    )
    identity = identity_of(settings, clock)
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
    tuned_models = TunedModels(records, blobs, settings.fetched_models_folder)
    readers = RunReaders()
    folders = Folders(settings.runs_folder, settings.base_models_folder, settings.own_models_folder)
    free_slots = slots(
        max_runs=settings.max_runs,
        num_accelerators=processes.num_accelerators(),
        threads=settings.trainer_threads,
        free_memory_bytes=processes.free_memory_bytes,
    )
    queue = Queue(records, slots=free_slots.number)
    copies = RunCopies(records, blobs, folders, on=settings.runs_are_copied)

    def end_all(folder: Path) -> None:
        end_all_in(folder, launcher)

    fetches = RunFetches(records, blobs, clock, readers, folders, end_all=end_all)
    tidying = Tidying(records, readers, folders, copies)
    calibration = CalibrationProcess(REPOSITORY)
    calibrations = Calibrations(records, clock, calibration, place_of(settings), later=Measuring())
    submissions = Submissions(
        records,
        clock,
        documents,
        datasets,
        looks,
        base_models,
        tuned_models,
        queue,
        Forecaster(records, calibrations, machine_of(settings, free_bytes)),
        accelerators=processes.accelerators(),
    )
    moves = Moves(records, clock, queue, submissions, tidying)
    evaluation_store = EvaluationStore(records, blobs)
    uses = Uses(records, documents, tuned_models, evaluation_store)
    jobs = Jobs(records, clock, readers, queue, submissions, moves, uses, fetches, folders=folders)
    contents = DocumentContents(documents, ContentsProcess(REPOSITORY))
    guides = Guides(records, blobs, clock, documents, contents, datasets, need_unused=uses.need_unused_document)
    test_submissions = TestSubmissions(records, blobs, clock, documents, contents, need_unused=uses.need_unused_document)
    test_sets = TestSets(records, blobs, clock, documents, contents, test_submissions)
    test_readers, kept_items = TestReaders(), KeptItems(blobs)
    evaluations = Evaluations(
        records, clock, evaluation_store, test_sets, tuned_models, base_models, test_readers, kept_items, folders=folders
    )
    locks = ServerLocks(settings.servers_folder)
    leases = Leases(records, clock, me=clock.new_id("srv"), is_gone=locks.is_gone)
    lifecycle = Lifecycle(
        records,
        clock,
        launcher,
        tuned_models,
        readers,
        Specs(blobs, documents, tuned_models, folders, checkpoint_every_s=settings.checkpoint_every_s),
        queue,
        leases,
        tidying,
        copies,
        fetches,
        slots=free_slots,
        folders=folders,
        aside=InBackground() if settings.blobs == "s3" else at_once,
        following=evaluations.following,
    )
    test_runs = TestRuns(
        records,
        clock,
        launcher,
        evaluation_store,
        EvaluationSpecs(records, blobs, documents, tuned_models, test_sets, folders),
        kept_items,
        test_readers,
        leases,
        slots=free_slots,
        folders=folders,
    )
    examiner = Examiner(test_runs, leases)
    evaluations.wake = examiner.wake
    supervisor = Supervisor(lifecycle, leases, tidying, Superseded(records, launcher, folders, on=settings.runs_are_copied))
    jobs.wake = supervisor.wake
    standby = Standby(
        standby_trainer,
        clock,
        mode=settings.standby,
        idle_s=settings.standby_idle_s,
        has_room=lambda: len(lifecycle.runs()) < free_slots.number,
        free_memory_bytes=processes.free_memory_bytes,
    )
    generator = Generator(launcher, clock, base_models_folder=settings.base_models_folder, threads=settings.trainer_threads)
    exports = Exports(records, clock, tuned_models)
    exporter = Exporter(records, blobs, clock, launcher, leases, exports, folder=settings.exports_folder, threads=settings.trainer_threads)
    serving = Serving(
        launcher,
        clock,
        WholeAnswers(generator),
        ServingOptions(
            settings.served_folder,
            settings.base_models_folder,
            settings.own_models_folder,
            settings.served_precision,
            settings.served_models,
            settings.trainer_threads,
        ),
    )
    uploads = Uploads(records, blobs, clock, documents)
    live = LiveJobs(records, clock, readers, fetches, runs_folder=settings.runs_folder)
    testing = Testing(test_submissions, test_sets, evaluations, guides)
    material = JobMaterial(records, datasets, documents, base_models, live, folders, TestsOfModels(evaluations), product_version=VERSION)
    reports = Reports(records, blobs, clock, room, material, TypesetProcess(REPOSITORY))
    pieces = Pieces(records, blobs, clock, documents)
    others = [pieces.remove_some]
    departure = Departure(records, clock, accounts, jobs, tuned_models, datasets, documents, uploads, reports, testing, others)
    notifications = Notifications(
        records,
        clock,
        mailer,
        HttpWebhooks(private_too=settings.webhooks_to_private_addresses),
        address_of=lambda user_id: accounts.user(user_id).email,
        address=settings.address,
    )
    return Services(
        settings,
        clock,
        records,
        blobs,
        launcher,
        accounts,
        Directory(records, clock, accounts, room, jobs),
        departure,
        Export(accounts, documents, datasets, jobs, live, tuned_models, reports, testing),
        None if identity is None else ForeignSignIn(records, clock, identity, accounts, secret=secret),
        documents,
        uploads,
        datasets,
        base_models,
        tuned_models,
        jobs,
        guides,
        test_submissions,
        test_sets,
        evaluations,
        examiner,
        live,
        supervisor,
        standby,
        Copier(copies, tidying, Leftovers(records, readers, folders, fetches, end_all=end_all), clock),
        generator,
        Sweeper(records, clock, accounts, departure, expire=uses.delete_expired),
        errands,
        letters,
        MissingSettings(google=settings.missing_for_google(), email=mailer.missing()),
        free_bytes,
        notifications,
        Notifier(notifications),
        leases,
        locks,
        reports,
        Shares(records, clock, accounts.users.is_active, settings.address),
        Census(records, clock, room, me=leases.me),
        calibration,
        face_over(clock, documents, pieces, datasets, jobs, live, base_models, tuned_models, stand_ins=settings.openai_models),
        serving,
        exports,
        exporter,
    )
