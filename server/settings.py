"""The settings of an installation: the only reader of the environment. `README.md`'s table is generated from here."""

import os
import secrets
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.constants import RegistrationMode

VERSION: Final = "0.1.0"
REPOSITORY: Final = Path(__file__).resolve().parent.parent
"""Where `server` and `shared` lie: the repository, or what the wheel was installed into."""
MIN_SECRET_BYTES: Final = 32
GOOGLE: Final = "https://accounts.google.com"
_SECRET_FILE: Final = "signing-secret"
# The wheel carries the built page inside the package; the repository has it where build.sh puts it.
_PAGE_OF_WHEEL: Final = Path(__file__).resolve().parent / "page"
_INSTALLED: Final = _PAGE_OF_WHEEL.is_dir()


def _default_home() -> Path:
    """`data` in the repository. Installed, the user's own place for data: the program may be started from any folder."""
    if not _INSTALLED:
        return Path("data")
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (data if data.is_absolute() else Path.home() / ".local" / "share") / "llm-tuner"


class Settings(BaseSettings):
    """Every field is an environment variable `LLM_TUNER_<NAME>`. Nothing here changes while the server runs."""

    model_config = SettingsConfigDict(env_prefix="LLM_TUNER_", frozen=True, extra="ignore", hide_input_in_errors=True)

    home: Annotated[Path, Field(description="Folder of everything this installation keeps.")] = _default_home()
    host: Annotated[str, Field(description="Address to listen on. 127.0.0.1 is reachable from this machine alone.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 5000
    environment: Annotated[
        Literal["development", "production"],
        Field(description="`production` demands a signing secret that is safe, and writes its log as JSON."),
    ] = "development"
    signing_secret: Annotated[
        SecretStr | None,
        Field(description="Signs access tokens; at least 32 bytes. Left out, one is made and kept in the data folder."),
    ] = None
    cookie_secure: Annotated[bool, Field(description="Send cookies over HTTPS only. Turn on behind TLS.")] = False
    public_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s]+$",
            description="Address in people's browsers and in messages, such as https://tuner.example.org. Left out: made of host and port.",
        ),
    ] = None
    allowed_hosts: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(
            description="Further names that this installation answers to, with commas between. Its own, localhost and numbers always do."
        ),
    ] = ()
    allowed_origins: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(description="Other sites whose pages may call the API, such as https://lab.example.org, with commas between."),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(
            description="Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, with commas between."
        ),
    ] = ()
    oidc_issuer: Annotated[str, Field(description="OpenID provider of the button on the sign-in page.")] = GOOGLE
    google_client_id: Annotated[str | None, Field(min_length=1, description="Client id that the OpenID provider has given out.")] = None
    google_client_secret: Annotated[
        SecretStr | None, Field(min_length=1, description="Its secret. With both, the sign-in page has a button for the provider.")
    ] = None
    access_token_ttl_s: Annotated[int, Field(ge=1, le=86_400, description="Lifetime of an access token, seconds.")] = 900
    session_ttl_s: Annotated[int, Field(ge=60, description="Lifetime of a sign-in without use, seconds.")] = 30 * 86_400
    registration: Annotated[
        Literal["open", "invite", "closed"] | None,
        Field(
            description="Who may register until an administrator decides: `open`, `invite` (who has an invitation) or `closed`. "
            "Left out: `open` when only this machine can reach the server, `invite` otherwise."
        ),
    ] = None
    max_upload_bytes: Annotated[int, Field(ge=1, description="Largest file that is taken, bytes.")] = 2 * 1024**3
    user_quota_bytes: Annotated[int, Field(ge=1, description="What one user may keep, bytes.")] = 50 * 1024**3
    min_free_bytes: Annotated[int, Field(ge=0, description="Uploads and jobs leave at least this much disk free.")] = 512 * 1024**2
    hub: Annotated[
        Literal["auto", "off"], Field(description="`auto` fetches base models from the model hub when it answers; `off` never tries.")
    ] = "auto"
    hub_url: Annotated[str, Field(description="Address of the model hub or of a mirror.")] = "https://huggingface.co"
    models_folder: Annotated[
        Path | None, Field(description="Your own base models, one folder each with safetensors. Left out: `models` in the data folder.")
    ] = None
    openai_models: Annotated[
        str,
        Field(
            description="Base model that answers to the names of OpenAI's models on /v1 (such as gpt-4o-mini), so that scripts need not be "
            "changed. Pairs before it (`babbage-002=gpt2,smollm2-135m-instruct`) are for single names; `off` refuses them all."
        ),
    ] = "smollm2-135m-instruct"
    trainer_threads: Annotated[
        int | None, Field(ge=1, description="Threads of all training runs together. Left out: one for each core.")
    ] = None
    max_runs: Annotated[
        int | None, Field(ge=1, le=64, description="Trainings at once. Left out: one for each accelerator, or one where there is none.")
    ] = None
    calibrate: Annotated[
        bool,
        Field(
            description="Measure this machine for forecasts: some seconds of all cores when a base model is first chosen and nothing "
            "trains. Off, forecasts of time come from finished runs alone."
        ),
    ] = True
    price_per_hour: Annotated[
        float | None,
        Field(ge=0, description="What an hour of this machine costs, for forecasts. Left out: its power, or a published price."),
    ] = None
    watts: Annotated[float | None, Field(ge=0, description="Power that this machine draws while it trains, watts.")] = None
    price_per_kwh: Annotated[float | None, Field(ge=0, description="Price of a kilowatt-hour; with `watts` it makes the price.")] = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="Currency of those two prices.")] = "USD"
    standby: Annotated[
        Literal["auto", "on", "off"],
        Field(
            description="A trainer that is loaded and waits (250 MB), so that a run begins at once. `auto`: while somebody prepares a run "
            "and 2 GB are free; `on`: always when 2 GB are free; `off`: never."
        ),
    ] = "auto"
    standby_idle_s: Annotated[
        int, Field(ge=10, description="With `auto`, it ends so long after the last upload, forecast, start or end of a run, seconds.")
    ] = 600
    served_precision: Annotated[
        Literal["f32", "f16", "q8_0"],
        Field(description="How exactly tuned models answer: `f32` as trained, `f16` all but the same and twice as fast, `q8_0` fastest."),
    ] = "f16"
    served_models: Annotated[
        int, Field(ge=1, le=64, description="Models that are kept loaded to answer, each by a program of its own.")
    ] = 3
    webhooks_to_private_addresses: Annotated[
        bool, Field(description="Let users' webhooks reach this machine and its private network. Off, only public addresses are called.")
    ] = False
    smtp_host: Annotated[str | None, Field(description="Mail server for notifications. Left out, no e-mail is sent.")] = None
    smtp_port: Annotated[int, Field(ge=1, le=65535, description="Port of the mail server: 587 with `starttls`, 465 with `tls`.")] = 587
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="How the way to the mail server is encrypted. With `none` no password is sent."),
    ] = "starttls"
    smtp_user: Annotated[str | None, Field(description="User at the mail server. Left out, nobody signs in there.")] = None
    smtp_password: Annotated[SecretStr | None, Field(description="Password of that user.")] = None
    smtp_from: Annotated[str | None, Field(description="Address that notifications come from.")] = None
    records: Annotated[
        Literal["sqlite", "dynamodb"], Field(description="Where records are kept: a file in the data folder, or a DynamoDB table.")
    ] = "sqlite"
    blobs: Annotated[Literal["disk", "s3"], Field(description="Where uploads and models are kept: the data folder, or an S3 bucket.")] = (
        "disk"
    )
    aws_table: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$", description="The DynamoDB table.")] = "llm-tuner"
    aws_bucket: Annotated[
        str | None, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="The S3 bucket; must be named when `blobs` is `s3`.")
    ] = None
    aws_prefix: Annotated[
        str,
        Field(pattern=r"^([A-Za-z0-9_-]+/)*$", description="What the names of all objects in the bucket begin with, for example `prod/`."),
    ] = ""
    aws_encryption: Annotated[
        Literal["AES256", "none"],
        Field(description="How S3 is asked to encrypt each object. `none` for services that speak its language and know no encryption."),
    ] = "AES256"
    metrics_token: Annotated[
        SecretStr | None,
        Field(
            min_length=16,
            description="Bearer token that `/metrics` asks for, at least 16 characters. Left out: this machine alone, without a proxy.",
        ),
    ] = None
    checkpoint_every_s: Annotated[
        float, Field(ge=1, description="A running job saves its state about so often, seconds; less often where saving takes long.")
    ] = 30.0
    copy_runs: Annotated[
        bool | None,
        Field(
            description="Keep each run's last checkpoints and its log where uploads are kept, so that another machine can go on from them. "
            "Left out: when that is an S3 bucket."
        ),
    ] = None
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Field(description="How much the server's log says.")] = "info"
    client_folder: Annotated[Path, Field(description="The built page.")] = _PAGE_OF_WHEEL if _INSTALLED else REPOSITORY / "client" / "dist"

    @field_validator("home", "models_folder", "client_folder")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().resolve()

    @field_validator("allowed_hosts", "allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if any("/" in host or "*" in host for host in hosts):
            raise ValueError("name each host as it stands in the address bar, without https:// and without *")
        return tuple(host.lower() for host in hosts)

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if any(_origin(origin) != origin for origin in origins):
            raise ValueError("name each site as scheme and host, such as https://lab.example.org, without a path and without *")
        return origins

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ip_network(proxy, strict=False)
        return proxies

    @field_validator("public_url")
    @classmethod
    def _bare_url(cls, url: str | None) -> str | None:
        if url is not None and _origin(url.rstrip("/")) != url.rstrip("/"):
            raise ValueError("give scheme and host, such as https://tuner.example.org, without a path")
        return None if url is None else url.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_issuer(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}):
            raise ValueError("a provider's address begins with https://")
        return issuer

    @model_validator(mode="after")
    def _safe_secret(self) -> "Settings":
        given = self.signing_secret
        if given is not None and len(given.get_secret_value().encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"LLM_TUNER_SIGNING_SECRET needs at least {MIN_SECRET_BYTES} bytes; leave it out and a good one is made")
        return self

    @model_validator(mode="after")
    def _bucket_named(self) -> "Settings":
        if self.blobs == "s3" and not self.aws_bucket:
            raise ValueError("LLM_TUNER_BLOBS is s3, so LLM_TUNER_AWS_BUCKET must name the bucket")
        return self

    @property
    def runs_are_copied(self) -> bool:
        return self.blobs == "s3" if self.copy_runs is None else self.copy_runs

    @property
    def registration_mode(self) -> RegistrationMode:
        """Open where nobody but the people of this machine can come; a stranger from the network needs an invitation."""
        return self.registration or ("open" if self.is_for_this_machine else "invite")

    @property
    def is_for_this_machine(self) -> bool:
        """Whether nobody else can reach the server: it listens here alone, and no setting speaks of a proxy that lets others in."""
        public = urlsplit(self.public_url or "").hostname
        return _is_loopback(self.host) and not self.trusted_proxies and (public is None or _is_loopback(public))

    @property
    def https(self) -> bool:
        """Whether browsers reach this installation over TLS."""
        return self.cookie_secure or (self.public_url or "").startswith("https://")

    def missing_for_google(self) -> list[str]:
        """The settings without which there is no button for signing in with Google; for administrators."""
        needed = {"LLM_TUNER_GOOGLE_CLIENT_ID": self.google_client_id, "LLM_TUNER_GOOGLE_CLIENT_SECRET": self.google_client_secret}
        return [name for name, value in needed.items() if value is None]

    @property
    def records_file(self) -> Path:
        return self.home / "records.sqlite3"

    @property
    def blobs_folder(self) -> Path:
        return self.home / "blobs"

    @property
    def runs_folder(self) -> Path:
        return self.home / "runs"

    @property
    def base_models_folder(self) -> Path:
        return self.home / "base-models"

    @property
    def fetched_models_folder(self) -> Path:
        """Copies of tuned models whose bytes lie elsewhere; may be deleted at any time that nobody asks them."""
        return self.home / "fetched-models"

    @property
    def calibrations_folder(self) -> Path:
        """What was measured of this machine; may be deleted, it is measured again."""
        return self.home / "calibrations"

    @property
    def own_models_folder(self) -> Path:
        return self.models_folder or self.home / "models"

    @property
    def temporary_folder(self) -> Path:
        return self.home / "tmp"

    @property
    def address(self) -> str:
        """Where people reach this installation, without a slash at the end. Who listens everywhere is reached here at least."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared with, not listened on
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def standby_folder(self) -> Path:
        return self.home / "standby"

    @property
    def served_folder(self) -> Path:
        """Files that served models are loaded from; a cache."""
        return self.home / "served"

    @property
    def exports_folder(self) -> Path:
        """Where files of models are made for others."""
        return self.home / "exports"

    @property
    def servers_folder(self) -> Path:
        return self.home / "servers"

    def folders(self) -> list[Path]:
        kept = [self.home, self.blobs_folder, self.runs_folder, self.base_models_folder, self.own_models_folder]
        return [*kept, self.temporary_folder, self.servers_folder, self.standby_folder, self.calibrations_folder]

    def masked(self) -> dict[str, Any]:
        """The effective configuration, fit to be printed."""
        return {name: str(value) if isinstance(value, Path | SecretStr) else value for name, value in self.model_dump().items()}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(url: str) -> str | None:
    """Scheme, host and port of an address in the spelling of browsers, or None for what has none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}" if parts.scheme in {"http", "https"} and parts.hostname and "*" not in url else None


def signing_secret(settings: Settings) -> str:
    """The secret from the settings, or the data folder's own, made on first use with mode 0600."""
    if settings.signing_secret is not None:
        return settings.signing_secret.get_secret_value()
    file = settings.home / _SECRET_FILE
    try:
        # O_EXCL: of two servers that start at once, one makes the secret and the other reads it.
        with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as new:
            new.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    secret = file.read_text().strip()
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"the signing secret in {file.name} is shorter than {MIN_SECRET_BYTES} bytes; delete the file for a new one")
    return secret
