"""Any OpenID provider (Google unless a setting says otherwise), by Authlib: discovery, code flow with PKCE, and the checks of ID tokens.

Nothing that a token says of itself is believed: the algorithm is of a short list, the key is the provider's own, looked up by its name.
"""

import threading
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from server.errors import NotSignedIn, Unavailable
from server.ports.clock import Clock
from server.ports.identity import ForeignIdentity

_ALGORITHMS: Final[dict[str, type[RSAKey] | type[ECKey]]] = {"RS256": RSAKey, "ES256": ECKey}
_HEADER_FIELDS: Final = frozenset({"alg", "kid", "typ"})
_MAX_TOKEN_CHARACTERS: Final = 8192
_MAX_TEXT_CHARACTERS: Final = 255  # OpenID Connect Core, 2: a subject is no longer than this.
# A clock may be this wrong, ours or theirs; nobody signs in with a token from an hour ago.
_LEEWAY_S: Final = 60
_MAX_AGE_S: Final = 600
_TIMEOUT_S: Final = 10.0
_KEPT_S: Final = 3600.0
# A token that names a key we do not know makes us ask for the keys again, but never more often than this.
_ASK_AGAIN_S: Final = 30.0
_REST_S: Final = 5.0


@dataclass(frozen=True)
class _Provider:
    """What the provider says of itself, and when we asked (monotonic seconds)."""

    authorize_url: str
    token_url: str
    token_auth: str
    keys: KeySet
    asked_at: float


class OpenIdProvider:
    """Thread-safe. Asks the provider about itself when it is first needed, once an hour, and when its keys have changed."""

    def __init__(self, clock: Clock, *, issuer: str, client_id: str, client_secret: str) -> None:
        self._clock = clock
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._known: _Provider | None = None
        self._failed_at = float("-inf")
        self._lock = threading.Lock()

    def authorize_url(self, *, state: str, nonce: str, code_verifier: str, redirect_url: str) -> str:
        provider = self._provider()
        with self._client(provider, redirect_url) as client:
            url, _ = client.create_authorization_url(
                provider.authorize_url, state=state, nonce=nonce, code_verifier=code_verifier, prompt="select_account"
            )
        return str(url)

    def exchange(self, *, code: str, nonce: str, code_verifier: str, redirect_url: str) -> ForeignIdentity:
        provider = self._provider()
        try:
            with self._client(provider, redirect_url) as client:
                answer = client.fetch_token(provider.token_url, grant_type="authorization_code", code=code, code_verifier=code_verifier)
        except httpx2.HTTPError as error:
            raise _unavailable() from error
        except (OAuthError, ValueError) as error:
            raise _refused() from error
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str):
            raise _refused()
        return self.identity(id_token, nonce=nonce, access_token=access_token if isinstance(access_token, str) else None)

    def identity(self, id_token: str, *, nonce: str, access_token: str | None) -> ForeignIdentity:
        """Who the token says has signed in, after every check of OpenID Connect Core, 3.1.3.7. Raises `NotSignedIn`."""
        try:
            claims = self._claims(id_token, nonce=nonce, access_token=access_token)
        except (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise _refused() from error
        subject, email = claims.get("sub"), claims.get("email")
        if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_TEXT_CHARACTERS:
            raise _refused()
        return ForeignIdentity(
            issuer=self._issuer,
            subject=subject,
            email=email if isinstance(email, str) and len(email) <= _MAX_TEXT_CHARACTERS else "",
            email_verified=claims.get("email_verified") is True,
        )

    def _claims(self, id_token: str, *, nonce: str, access_token: str | None) -> dict[str, Any]:
        if len(id_token) > _MAX_TOKEN_CHARACTERS or not id_token.isascii():
            raise _refused()
        header = jws.extract_compact(id_token.encode()).headers()
        algorithm = header.get("alg")
        # A header with more in it (jwk, jku, x5u, crit) asks us to trust what the token says about itself.
        if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS or not set(header) <= _HEADER_FIELDS:
            raise _refused()
        key = self._key(header.get("kid"), algorithm)
        claims = jwt.decode(id_token, key, algorithms=[algorithm]).claims
        now = int(self._clock.now().timestamp())
        checked = CodeIDToken(
            claims,
            header,
            options={
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"nonce": nonce, "client_id": self._client_id, "access_token": access_token},
        )
        checked.validate(now=now, leeway=_LEEWAY_S)
        _check_use(claims, client_id=self._client_id, now=now)
        return claims

    def _key(self, kid: object, algorithm: str) -> RSAKey | ECKey:
        """The provider's key of this name and kind; asks the provider once more when there is none, because keys are rotated."""
        found = _find(self._provider().keys, kid, algorithm) or _find(self._provider(missing=True).keys, kid, algorithm)
        if found is None:
            raise _refused()
        return found

    def _provider(self, *, missing: bool = False) -> _Provider:
        """`missing`: its keys, as we know them, lack one."""
        with self._lock:
            now = self._clock.monotonic()
            if self._known is not None and now - self._known.asked_at <= (_ASK_AGAIN_S if missing else _KEPT_S):
                return self._known
            # While the provider is away, only one request in a while waits to learn so.
            if now - self._failed_at > _REST_S:
                try:
                    self._known = self._ask()
                except (httpx2.HTTPError, JoseError, ValueError, TypeError, AttributeError, KeyError):
                    self._failed_at = self._clock.monotonic()
            if self._known is None:
                raise _unavailable()
            return self._known  # Perhaps an old answer: better than none, and its keys are no less the provider's.

    def _ask(self) -> _Provider:
        with httpx2.Client(timeout=_TIMEOUT_S) as client:
            told = _json(client.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"))
            if told["issuer"] != self._issuer:
                raise ValueError("the provider calls itself by another name than the setting")
            keys = _json(client.get(_safe(told["jwks_uri"], self._issuer)))
        methods = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return _Provider(
            authorize_url=_safe(told["authorization_endpoint"], self._issuer),
            token_url=_safe(told["token_endpoint"], self._issuer),
            token_auth="client_secret_basic" if "client_secret_basic" in methods else "client_secret_post",
            keys=KeySet.import_key_set({"keys": [key for key in keys["keys"] if key.get("kty") in {"RSA", "EC"}]}),
            asked_at=self._clock.monotonic(),
        )

    def _client(self, provider: _Provider, redirect_url: str) -> OAuth2Client:
        return OAuth2Client(
            self._client_id,
            self._client_secret,
            token_endpoint_auth_method=provider.token_auth,
            scope="openid email",
            redirect_uri=redirect_url,
            code_challenge_method="S256",
            timeout=_TIMEOUT_S,
        )


def _find(keys: KeySet, kid: object, algorithm: str) -> RSAKey | ECKey | None:
    """By name; a provider with one key of the kind may leave the name out."""
    kind = _ALGORITHMS[algorithm]
    fitting: list[RSAKey | ECKey] = [key for key in keys.keys if isinstance(key, kind) and _serves(key, kid, algorithm)]
    return fitting[0] if len(fitting) == 1 else None


def _serves(key: RSAKey | ECKey, kid: object, algorithm: str) -> bool:
    return kid in {None, key.kid} and key.get("use") in {None, "sig"} and key.get("alg") in {None, algorithm}


def _check_use(claims: dict[str, Any], *, client_id: str, now: int) -> None:
    """What the library leaves open: a token that was made for another client beside us, and one from long ago."""
    if claims.get("azp", client_id) != client_id or claims["iat"] < now - _MAX_AGE_S:
        raise _refused()


def _json(response: httpx2.Response) -> dict[str, Any]:
    response.raise_for_status()
    told = response.json()
    if not isinstance(told, dict):
        raise TypeError("the provider answered with something else than an object")
    return told


def _safe(url: str, issuer: str) -> str:
    """An address of the provider, as safe as its issuer: plain HTTP is for a provider on this machine alone."""
    if urlsplit(url).scheme not in {"https", urlsplit(issuer).scheme}:
        raise ValueError("an address of the provider is not https")
    return url


def _refused() -> NotSignedIn:
    return NotSignedIn("The sign-in provider's answer does not hold. Start again from the sign-in page.", code="accounts.google_refused")


def _unavailable() -> Unavailable:
    return Unavailable("The sign-in provider does not answer. Try again in a minute.", code="accounts.google_unavailable", retry_after_s=60)
