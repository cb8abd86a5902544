"""What must never stand in a log: values under a telling name, and texts that look like a secret, whoever logs them."""

import re
from typing import Any, Final

MASKED: Final = "[masked]"
_SECRET_WORDS: Final = (
    "password",
    "passwd",
    "token",
    "authorization",
    "cookie",
    "secret",
    "credential",
    "api_key",
    "apikey",
    "private_key",
    "signature",
    "invitation",
)
# Anchored on what is fixed in them and bounded in length, so that no line, however long, takes longer than its length.
_SECRET_TEXTS: Final = re.compile(
    r"""
      \bltk_[\w-]{8,}                                            # API keys
    | \beyJ[\w-]{8,}\.[\w-]*(?:\.[\w-]*)?                       # signed tokens (JWT)
    | \b(?:usr|inv)-[0-9a-z]{26}\.[\w.-]{20,}                     # refresh tokens, links of one use, invitations
    | \$argon2id?\$[\w$=,+/.-]{8,}                               # password hashes
    | \bAKIA[0-9A-Z]{16}\b                                        # keys of the cloud
    | \b(?:sk|hf|ghp|xox[abp])[-_][\w-]{16,}                      # keys of other services
    | -----BEGIN[ ][A-Z ]{0,40}PRIVATE[ ]KEY-----[\s\S]{0,10000}?-----END[ ][A-Z ]{0,40}PRIVATE[ ]KEY-----
    | (?<=://)[^/\s:@"']{1,200}:[^/\s@"']{1,200}(?=@)               # name and password in an address
    | (?<=\binput_value=).{1,200}?(?=,[ ]input_type=)              # what did not fit a model, in pydantic's errors
    | (?i:(?<=bearer[ ])|(?<=basic[ ]))[\w.~+/=-]{8,}              # what stands in a header
    | (?i:(?<=token=)|(?<=secret=)|(?<=password=)|(?<=signature=)|(?<=code=)|(?<=api_key=))[^&\s"'#]{4,}
    """,
    re.VERBOSE,
)


def masked(value: Any) -> Any:
    """The same with what stands under a telling name masked, at any depth."""
    if isinstance(value, dict):
        return {name: MASKED if is_secret(str(name)) else masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    return value


def is_secret(name: str) -> bool:
    lower = name.lower().replace("-", "_")
    return any(word in lower for word in _SECRET_WORDS)


def masked_text(text: str) -> str:
    """The same with everything masked that looks like a secret."""
    return _SECRET_TEXTS.sub(MASKED, text)
