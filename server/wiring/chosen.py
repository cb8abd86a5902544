"""The adapters of which the settings choose one. What only one of them needs is imported when it is chosen."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from server.adapters import processes
from server.adapters.blobs_disk import DiskBlobs
from server.adapters.mail_smtp import MailServer
from server.adapters.records_sqlite import SqliteRecords
from server.domain import schema
from server.domain.forecasts.calibrations import Place
from server.domain.forecasts.forecaster import Machine
from server.domain.forecasts.money import Hardware, price_of
from server.errors import LlmTunerError, StaleWrite
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.identity import Identity
from server.ports.records import Records
from server.settings import VERSION, Settings

if TYPE_CHECKING:
    from server.adapters.blobs_s3 import S3Blobs

_log = structlog.get_logger()


def mail_server(settings: Settings) -> MailServer:
    password = settings.smtp_password
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=None if password is None else password.get_secret_value(),
        sender=settings.smtp_from,
    )


def identity_of(settings: Settings, clock: Clock) -> Identity | None:
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


def records_of(settings: Settings) -> Records:
    """In the format that this version knows. Raises `NewerStore`.

    A store that does not answer now is none to refuse: every request says so, and its format is looked at as soon as it answers.
    """
    records = _adapter_of(settings)
    try:
        steps = schema.bring_up_to_date(records, product=VERSION)
    except StaleWrite:
        return records  # Another server, started at the same moment, did it.
    except LlmTunerError as error:
        _log.warning("format_not_checked", reason=str(error))
        return schema.CheckedLate(records, product=VERSION)
    if steps:
        _log.info("records_upgraded", steps=steps, format=schema.VERSION)
    return records


def _adapter_of(settings: Settings) -> Records:
    if settings.records == "sqlite":
        return SqliteRecords(settings.records_file)
    # Here, because the library behind it takes longer to import than the whole server takes to start without it.
    from server.adapters.records_dynamodb import DynamoRecords

    return DynamoRecords(settings.aws_table)


def blobs_of(settings: Settings) -> Blobs:
    if settings.blobs == "disk":
        return DiskBlobs(settings.blobs_folder)
    return s3_of(settings)


def s3_of(settings: Settings) -> "S3Blobs":
    """The bucket that the settings name, whether or not they choose it."""
    from server.adapters.blobs_s3 import S3Blobs

    encryption = None if settings.aws_encryption == "none" else settings.aws_encryption
    return S3Blobs(str(settings.aws_bucket), prefix=settings.aws_prefix, encryption=encryption)


def machine_of(settings: Settings, free_bytes: Callable[[], int]) -> Machine:
    here = Hardware(processes.num_cores(), processes.product_name(), processes.accelerator_name())
    price = price_of(
        here, per_hour=settings.price_per_hour, watts=settings.watts, per_kwh=settings.price_per_kwh, currency=settings.currency
    )
    return Machine(processes.machine_memory_bytes, free_bytes, settings.min_free_bytes, price, settings.checkpoint_every_s)


def place_of(settings: Settings) -> Place:
    return Place(
        f"{processes.machine_facts()}; {VERSION}",
        settings.calibrations_folder,
        settings.base_models_folder,
        settings.own_models_folder,
        settings.trainer_threads,
        settings.calibrate,
    )
