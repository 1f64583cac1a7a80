"""What a refusal says beside its message: how long to wait, in every way of saying it, and codes of every vendor."""

from __future__ import annotations

import json
from typing import Any

import pytest

from podium.core.errors import FailureKind
from podium.models.providers.faults import from_status, inside_success
from podium.models.providers.said import request_id

Kind = FailureKind
_NOON = "Thu, 31 Jan 2030 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "120000", "retry-after": "1"}, 120.0),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after": "Thu, 31 Jan 2030 12:00:30 GMT", "date": _NOON}, 30.0),
        ({"retry-after": "Thu, 31 Jan 2030 11:59:30 GMT", "date": _NOON}, 0.0),
        ({"retry-after": "Fri, 31 Jan 2031 12:00:00 GMT", "date": _NOON}, 86_399.0),
        ({"retry-after": "Thu, 31 Jan 2030 12:00:30 GMT"}, None),
        ({"retry-after": "Thu, 31 Jan 2030 12:00:30 GMT", "date": "today"}, None),
        ({"retry-after": "tomorrow", "date": _NOON}, None),
        ({"retry-after": "Thu, 31 Jan 2030 12:00:30", "date": _NOON}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert from_status(429, b"{}", "acme", header=headers.get).retry_after_s == seconds


def _google(*details: Any) -> bytes:
    return json.dumps(
        {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": details}}
    ).encode()


_RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.074824224s"}


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (_google({"@type": "type.googleapis.com/google.rpc.QuotaFailure"}, _RETRY), 34.074824224),
        (_google({**_RETRY, "retryDelay": "39s"}), 39.0),
        (_google({**_RETRY, "retryDelay": "soon"}), None),
        (_google({"@type": "x.RetryInfo"}), None),
        (_google("x", 7, None), None),
        (_google(), None),
    ],
)
def test_google_says_it_inside_the_error(body: bytes, seconds: float | None) -> None:
    error = from_status(429, body, "acme")
    assert (error.kind, error.retry_after_s) == (Kind.RATE_LIMITED, seconds)
    assert from_status(429, body, "acme", header={"retry-after": "2"}.get).retry_after_s == 2.0
    assert inside_success(body, "acme").retry_after_s == seconds


@pytest.mark.parametrize(
    ("name", "status", "message", "kind"),
    [
        ("ThrottlingException", 429, "Too many tokens, please wait before trying again.", Kind.RATE_LIMITED),
        ("ThrottlingException", 429, "Rate exceeded", Kind.RATE_LIMITED),
        ("ThrottlingException", 400, "Rate exceeded", Kind.RATE_LIMITED),
        ("ServiceQuotaExceededException", 400, "You have exceeded your quota", Kind.RATE_LIMITED),
        ("ServiceUnavailableException", 503, "Bedrock is unable to process your request", Kind.OVERLOADED),
        ("ModelNotReadyException", 429, "The model is warming up", Kind.OVERLOADED),
        ("ModelTimeoutException", 408, "It took too long", Kind.TIMEOUT),
        ("ModelErrorException", 424, "The model failed", Kind.SERVER_ERROR),
        ("InternalServerException", 500, "oh", Kind.SERVER_ERROR),
        ("AccessDeniedException", 403, "You don't have access to the model.", Kind.CREDENTIAL),
        ("UnrecognizedClientException", 400, "The security token is invalid.", Kind.CREDENTIAL),
        ("ExpiredTokenException", 400, "The security token has expired.", Kind.CREDENTIAL),
        ("ResourceNotFoundException", 404, "Could not resolve the model.", Kind.NOT_FOUND),
        ("ValidationException", 400, "The provided model identifier is invalid.", Kind.NOT_FOUND),
        ("ValidationException", 400, "Input is too long for requested model.", Kind.CONTEXT_TOO_LONG),
        ("ValidationException", 400, "Malformed input request.", Kind.BAD_REQUEST),
    ],
)
def test_amazons_exceptions(name: str, status: int, message: str, kind: FailureKind) -> None:
    body = json.dumps({"message": message}).encode()
    header = {"x-amzn-errortype": f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"}.get
    error = from_status(status, body, "acme", header=header)
    assert error.kind is kind
    assert message in error.message
    older = json.dumps({"__type": f"com.amazon.coral.service#{name}", "Message": message}).encode()
    assert from_status(status, older, "acme").kind is kind


_INSIDE: list[tuple[str, Any, FailureKind]] = [
    ("anthropic", {"type": "overloaded_error", "message": "Overloaded"}, Kind.OVERLOADED),
    ("anthropic", {"type": "api_error", "message": "Internal server error"}, Kind.SERVER_ERROR),
    ("anthropic", {"type": "rate_limit_error", "message": "slow down"}, Kind.RATE_LIMITED),
    ("anthropic", {"type": "timeout_error", "message": "took too long"}, Kind.TIMEOUT),
    ("anthropic", {"type": "billing_error", "message": "no"}, Kind.BILLING),
    ("anthropic", {"type": "permission_error", "message": "no"}, Kind.CREDENTIAL),
    ("anthropic", {"type": "invalid_request_error", "message": "max_tokens: too large"}, Kind.BAD_REQUEST),
    ("google", {"code": 503, "message": "The model is busy.", "status": "UNAVAILABLE"}, Kind.OVERLOADED),
    ("google", {"code": 500, "message": "oh", "status": "INTERNAL"}, Kind.SERVER_ERROR),
    ("google", {"code": 504, "message": "late", "status": "DEADLINE_EXCEEDED"}, Kind.TIMEOUT),
    ("google", {"code": 400, "message": "Bad.", "status": "INVALID_ARGUMENT"}, Kind.BAD_REQUEST),
    ("openai", {"code": "server_error", "message": "The model failed."}, Kind.SERVER_ERROR),
    ("openai", {"code": "rate_limit_exceeded", "message": "slow down"}, Kind.RATE_LIMITED),
    ("amazon", {"code": "throttlingException", "message": "slow down"}, Kind.RATE_LIMITED),
    ("amazon", {"code": "modelStreamErrorException", "message": "oh"}, Kind.SERVER_ERROR),
    ("amazon", {"code": "validationException", "message": "Malformed."}, Kind.BAD_REQUEST),
]


@pytest.mark.parametrize(("vendor", "said", "kind"), _INSIDE, ids=[f"{row[0]}-{row[2].value}" for row in _INSIDE])
def test_errors_inside_a_success(vendor: str, said: Any, kind: FailureKind) -> None:
    assert inside_success(json.dumps({"error": said}).encode(), "acme").kind is kind


def test_a_vendors_own_number_before_a_networks() -> None:
    headers = {"cf-ray": "network", "x-amzn-requestid": "own"}
    assert request_id(headers.get) == "own"
    assert request_id({"cf-ray": "network"}.get) == "network"
    assert request_id({}.get) is None
