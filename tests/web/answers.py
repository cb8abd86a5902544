"""What every refusal has to look like."""

from typing import Any

from httpx2 import Response


def refusal(response: Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The error of an answer that is one in the one shape; fails for any other."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    assert set(response.json()) == {"error"}
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code", "details"}
    assert error["message"] and error["type"] and error["code"]
    assert code is None or error["code"] == code, error
    return error
