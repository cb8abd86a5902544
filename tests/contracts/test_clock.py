"""The laws of the clock port."""

import re
from datetime import UTC

from server.adapters.clock_system import SystemClock


def test_now_is_aware_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_later_ids_sort_later_also_within_a_millisecond() -> None:
    clock = SystemClock()
    ids = [clock.new_id("job") for _ in range(20_000)]
    assert ids == sorted(set(ids))


def test_an_id_is_its_prefix_and_26_characters() -> None:
    assert re.fullmatch(r"doc-[0-9a-hjkmnp-tv-z]{26}", SystemClock().new_id("doc"))
