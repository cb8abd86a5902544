"""E-mail addresses: one spelling for each person, and a clear word for what is none."""

import pytest

from server.domain.accounts.emails import normalised
from server.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada@Example.ORG\n", "ada@example.org"),
        ("first.last+tag@sub.example.co.uk", "first.last+tag@sub.example.co.uk"),
        ("o'brien_&co@example.org", "o'brien_&co@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ADA@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ada@example.org"),
        ("a@" + "b" * 63 + ".org", "a@" + "b" * 63 + ".org"),
    ],
)
def test_an_address_has_one_spelling(typed: str, kept: str) -> None:
    assert normalised(typed) == kept
    assert normalised(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", "   ", "ada", "@example.org", "ada@", "ada@localhost", "ada@example", "a b@example.org", "ada@exa mple.org", "ada@@example.org",
        "ada@example..org", "ada@.example.org", "ada@example.org.", ".ada@example.org", "ada.@example.org", "a..b@example.org",
        "ada@-example.org", "ada@example-.org", "ada@127.0.0.1", "ada@[127.0.0.1]", '"ada"@example.org', "ada\0@example.org",
        "ada@exam\0ple.org", "<ada@example.org>", "ada@example.org,bob@example.org", "ada@example.org\nbcc:bob@example.org",
        "x" * 65 + "@example.org",
        "ada@" + "b" * 64 + ".org", "ada@" + "b." * 150 + "org", "ada@example.1", "ada#x@exam/ple.org",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_its_field(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normalised(typed)
    assert (refused.value.code, refused.value.param) == ("accounts.bad_email", "email")
