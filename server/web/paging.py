"""The query of every listing: `limit` items at most, beyond the item `after`."""

from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=100, description="Items of one page.")]
After = Annotated[str | None, Query(max_length=200, description="Id of the last item of the page before.")]
