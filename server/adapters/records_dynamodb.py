"""The records port on Amazon DynamoDB: one table with keys `partition` and `sort`, no index.

A document is kept as the text of its JSON, because DynamoDB's numbers have 38 digits and its maps no order. Every item carries the token of
the write that made it: when an answer got lost, reading the item again tells whether that write was applied.
Source: the DynamoDB developer guide (transactions, condition expressions, read consistency, item size).
"""

import json
import math
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from server.adapters import aws
from server.errors import StaleWrite
from server.ports.records import ABSENT, Change, Delete, Json, Key, Page, Put, Record, check

TABLE_KEYS: Final = {"partition": "HASH", "sort": "RANGE"}
_LAST_CHARACTER: Final = "\U0010ffff"
_RETRIED_REASONS: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
EXPIRES_AT: Final = "expires_at"
"""Seconds since 1970, on documents that nobody needs any more from then on. DynamoDB removes them within days."""
_NAMES: Final = {"#v": "version", "#d": "data", "#w": "written_by", "#e": EXPIRES_AT}


class DynamoRecords:
    """`client` is given by tests that look at the calls; everybody else leaves it to the AWS variables."""

    def __init__(self, table: str, client: Any = None) -> None:
        self._table = table
        self._client = client or aws.client("dynamodb")

    def get(self, key: Key) -> Record | None:
        item = aws.persistently(lambda _: self._item(key))
        return _record(item) if item else None

    def page(self, partition: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False) -> Page:
        if limit < 1:
            raise ValueError(f"a page has at least one document, not {limit}")
        bounds = _bounds(prefix, after, newest_first=newest_first)
        if bounds is None:
            return Page([], has_more=False)
        condition, values = _condition(*bounds)
        # The condition's ends are inclusive and at most two documents too many; what does not belong is left out here.
        records: list[Record] = []
        start: dict[str, Any] = {}
        while True:
            answer = aws.persistently(
                lambda _, start=start: self._client.query(  # type: ignore[misc]
                    TableName=self._table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeNames={"#p": "partition", **({"#s": "sort"} if "#s" in condition else {})},
                    ExpressionAttributeValues={":p": {"S": partition}, **{name: {"S": value} for name, value in values.items()}},
                    ConsistentRead=True,
                    ScanIndexForward=not newest_first,
                    Limit=limit + 3,
                    **start,
                )
            )
            records += [_record(item) for item in answer["Items"] if _belongs(item["sort"]["S"], prefix, after, newest_first=newest_first)]
            if len(records) > limit or "LastEvaluatedKey" not in answer:
                return Page(records[:limit], has_more=len(records) > limit)
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def write(self, *changes: Change) -> None:
        check(changes)
        token = uuid.uuid4().hex
        actions = [self._action(change, token) for change in changes]
        aws.persistently(lambda attempt: self._write(changes, actions, token, attempt))

    def everything(self) -> Iterator[Record]:
        """All documents, each as it was when it was read, in no order. Beyond the port: for moving a store that nobody writes to."""
        start: dict[str, Any] = {}
        while True:
            page = aws.persistently(lambda _, start=start: self._client.scan(TableName=self._table, ConsistentRead=True, **start))  # type: ignore[misc]
            yield from (_record(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def take(self, records: Sequence[Record]) -> None:
        """Documents of another store, versions and all, over whatever is there. Beyond the port."""
        token = uuid.uuid4().hex
        for record in records:
            item = {
                **_key(record.key),
                "version": {"N": str(record.version)},
                "data": {"S": _text(record.data)},
                "written_by": {"S": token},
            }
            aws.persistently(lambda _, item=item: self._client.put_item(TableName=self._table, Item=item))  # type: ignore[misc]

    def close(self) -> None:
        """Nothing is held open: connections go back to the client's pool after every call."""

    def _write(self, changes: tuple[Change, ...], actions: list[dict[str, Any]], token: str, attempt: aws.Attempt) -> None:
        try:
            if len(actions) == 1 and "Update" in actions[0]:
                # Half the price of a transaction, and the token in the item makes its repetition as safe.
                self._client.update_item(**actions[0]["Update"])
            else:
                self._client.transact_write_items(TransactItems=actions, ClientRequestToken=token)
        except ClientError as error:
            stale = _first_stale(error, changes)
            if stale is None:
                raise
            if attempt.ambiguous and self._was_applied(changes, token):
                return
            raise StaleWrite(stale.key) from error

    def _was_applied(self, changes: tuple[Change, ...], token: str) -> bool:
        """Whether an earlier attempt of this write went through. A write is all or nothing, so one document's token speaks for all.

        A write of deletions alone leaves no token: it was applied, or made needless, when all that it should delete is gone.
        """
        puts = [change for change in changes if isinstance(change, Put)]
        if puts:
            return any((item := self._item(put.key)) is not None and item["written_by"]["S"] == token for put in puts)
        return all(self._item(change.key) is None for change in changes)

    def _item(self, key: Key) -> dict[str, Any] | None:
        """One attempt; the caller stands inside a loop that repeats it."""
        item: dict[str, Any] | None = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True).get("Item")
        return item

    def _action(self, change: Change, token: str) -> dict[str, Any]:
        expectation: dict[str, Any] = {}
        if change.expect == ABSENT:
            expectation = {"ConditionExpression": "attribute_not_exists(#v)"}
        elif change.expect is not None:
            expectation = {"ConditionExpression": "#v = :expected"}
        values = {":expected": {"N": str(change.expect)}} if change.expect else {}
        common = {"TableName": self._table, "Key": _key(change.key), **expectation}
        if isinstance(change, Delete):
            if change.expect == ABSENT:
                return {"ConditionCheck": {**common, "ExpressionAttributeNames": {"#v": "version"}}}
            if change.expect is None:
                return {"Delete": common}
            return {"Delete": {**common, "ExpressionAttributeNames": {"#v": "version"}, "ExpressionAttributeValues": values}}
        expires = {} if change.expires_at is None else {":expires": {"N": str(math.ceil(change.expires_at.timestamp()))}}
        expiry = ", #e = :expires" if expires else " REMOVE #e"
        return {
            "Update": {
                **common,
                "UpdateExpression": f"SET #d = :data, #w = :token, #v = if_not_exists(#v, :zero) + :one{expiry}",
                "ExpressionAttributeNames": _NAMES,
                "ExpressionAttributeValues": {
                    **values,
                    **expires,
                    ":data": {"S": _text(change.data)},
                    ":token": {"S": token},
                    ":zero": {"N": "0"},
                    ":one": {"N": "1"},
                },
            }
        }


def _first_stale(error: ClientError, changes: tuple[Change, ...]) -> Change | None:
    """The first change whose expectation did not hold; None when the error is about something else, or about a passing conflict."""
    code = aws.code_of(error)
    if code == "ConditionalCheckFailedException":
        return changes[0]
    if code != "TransactionCanceledException":
        return None
    reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
    for change, reason in zip(changes, reasons, strict=False):
        if reason == "ConditionalCheckFailed":
            return change
    if any(reason in _RETRIED_REASONS for reason in reasons):
        # The transaction lost against another one, or against the table's limits. As an error that the loop tries again:
        error.response["Error"]["Code"] = "TransactionConflictException"
    return None


def _text(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _key(key: Key) -> dict[str, Any]:
    return {"partition": {"S": key.partition}, "sort": {"S": key.sort}}


def _record(item: dict[str, Any]) -> Record:
    return Record(Key(item["partition"]["S"], item["sort"]["S"]), int(item["version"]["N"]), json.loads(item["data"]["S"]))


def _bounds(prefix: str, after: str | None, *, newest_first: bool) -> tuple[str | None, str | None] | None:
    """Lowest and highest sort key to ask for, both inclusive; None for an end that is open, and for all when nothing can be between."""
    low, high = prefix or None, _last_with(prefix)
    if after is not None and not newest_first:
        low = max(low or "", after)
    elif after is not None:
        high = after if high is None else min(high, after)
    if low is not None and high is not None and low > high:
        return None
    return low, high


def _last_with(prefix: str) -> str | None:
    """A sort key that nothing with this prefix follows, and that is still a valid one; None when there is no prefix."""
    return prefix + _LAST_CHARACTER * ((1024 - len(prefix.encode())) // 4) if prefix else None


def _condition(low: str | None, high: str | None) -> tuple[str, dict[str, str]]:
    if low and high:
        return "#p = :p AND #s BETWEEN :low AND :high", {":low": low, ":high": high}
    if low:
        return "#p = :p AND #s >= :low", {":low": low}
    if high:
        return "#p = :p AND #s <= :high", {":high": high}
    return "#p = :p", {}


def _belongs(sort: str, prefix: str, after: str | None, *, newest_first: bool) -> bool:
    if not sort.startswith(prefix):
        return False
    return after is None or (sort < after if newest_first else sort > after)
