"""The settings of an installation: the only reader of the environment. `README.md`'s table is generated from here."""

import os
import secrets
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.constants import RegistrationMode

VERSION: Final = "0.1.0"
REPOSITORY: Final = Path(__file__).resolve().parent.parent
MIN_SECRET_BYTES: Final = 32
_SECRET_FILE: Final = "signing-secret"


class Settings(BaseSettings):
    """Every field is an environment variable `LLM_TUNER_<NAME>`. Nothing here changes while the server runs."""

    model_config = SettingsConfigDict(env_prefix="LLM_TUNER_", frozen=True, extra="ignore", hide_input_in_errors=True)

    home: Annotated[Path, Field(description="Folder of everything this installation keeps.")] = Path("data")
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
    public_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s]+$",
            description="Where people reach this installation, for links in messages. Left out: made of host and port.",
        ),
    ] = None
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
    trainer_threads: Annotated[int | None, Field(ge=1, description="Threads of a training run. Left out: one for each core.")] = None
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Field(description="How much the server's log says.")] = "info"
    client_folder: Annotated[Path, Field(description="The built page.")] = REPOSITORY / "client" / "dist"

    @field_validator("home", "models_folder", "client_folder")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().resolve()

    @model_validator(mode="after")
    def _safe_secret(self) -> "Settings":
        given = self.signing_secret
        if given is not None and len(given.get_secret_value().encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"LLM_TUNER_SIGNING_SECRET needs at least {MIN_SECRET_BYTES} bytes; leave it out and a good one is made")
        return self

    @property
    def registration_mode(self) -> RegistrationMode:
        """Open where nobody but the people of this machine can come; a stranger from the network needs an invitation."""
        return self.registration or ("open" if self.is_loopback else "invite")

    @property
    def is_loopback(self) -> bool:
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

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

    def folders(self) -> list[Path]:
        return [self.home, self.blobs_folder, self.runs_folder, self.base_models_folder, self.own_models_folder, self.temporary_folder]

    def masked(self) -> dict[str, Any]:
        """The effective configuration, fit to be printed."""
        return {name: str(value) if isinstance(value, Path | SecretStr) else value for name, value in self.model_dump().items()}


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
