"""The table from foreign failures to ours: every exception of the client, and errors as providers write them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pyreqwest import exceptions as transport

from podium.core.errors import FailureKind
from podium.models.providers.faults import from_status, from_transport, kind_of

Kind = FailureKind


def _classes(root: type[Exception]) -> list[type[Exception]]:
    return [root, *(found for child in root.__subclasses__() for found in _classes(child))]


_EXPECTED = {
    "PyreqwestError": Kind.UNREACHABLE,
    "DetailedPyreqwestError": Kind.UNREACHABLE,
    "RequestError": Kind.UNREACHABLE,
    "StatusError": Kind.UNREACHABLE,
    "RedirectError": Kind.UNREACHABLE,
    "DecodeError": Kind.GARBAGE,
    "BodyDecodeError": Kind.GARBAGE,
    "JSONDecodeError": Kind.GARBAGE,
    "TransportError": Kind.UNREACHABLE,
    "RequestTimeoutError": Kind.TIMEOUT,
    "ConnectTimeoutError": Kind.UNREACHABLE,
    "ReadTimeoutError": Kind.TIMEOUT,
    "WriteTimeoutError": Kind.TIMEOUT,
    "PoolTimeoutError": Kind.TIMEOUT,
    "NetworkError": Kind.UNREACHABLE,
    "ConnectError": Kind.UNREACHABLE,
    "ReadError": Kind.UNREACHABLE,
    "WriteError": Kind.UNREACHABLE,
    "ClientClosedError": Kind.UNREACHABLE,
    "RequestPanicError": Kind.UNREACHABLE,
    "BuilderError": Kind.UNREACHABLE,
}


def _raised(kind: type[Exception], *causes: str) -> Exception:
    details = {"causes": [{"message": cause} for cause in causes] or None}
    try:
        return kind("something went wrong", details)
    except KeyError:  # a JSON decode error wants the document too
        return kind("something went wrong", {"doc": "", "pos": 0, **details})


@pytest.mark.parametrize("kind", _classes(transport.PyreqwestError), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_client_is_one_of_ours(kind: type[Exception]) -> None:
    error = from_transport(_raised(kind, "outer", "client error (Connect)", "the inner cause"), "acme")
    assert error.kind is _EXPECTED[kind.__name__], "a class without a row: decide what it means"
    assert error.provider == "acme"
    assert str(error).startswith("acme ")
    assert ("the inner cause" in error.message) == (kind is not transport.PyreqwestError)  # the root has no details


def test_a_silence_before_the_answers_head_is_no_failed_connection() -> None:
    """The client raises the same class for both; only the causes tell them apart."""
    silent = _raised(transport.ConnectTimeoutError, "error sending request", "operation timed out")
    assert from_transport(silent, "acme").kind is Kind.TIMEOUT


def test_an_exception_without_causes_still_reads_as_a_sentence() -> None:
    error = from_transport(_raised(transport.ClientClosedError), "acme")
    assert error.message == "acme could not be called: something went wrong."


_OPENAI_QUOTA = "You exceeded your current quota, please check your plan and billing details. For more information ..."
_GOOGLE_QUOTA = _OPENAI_QUOTA + " head to: https://ai.google.dev/gemini-api/docs/rate-limits."
_GROQ_RATE = (
    "Rate limit reached for model `m` in organization `org_1` on tokens per day (TPD): Limit 100000, Used 99000. "
    "Please try again in 7m. Need more tokens? Upgrade at https://console.groq.com/settings/billing"
)
_OPENAI_RATE = (
    "Rate limit reached for m in organization org-1 on tokens per min (TPM): Limit 10000, Used 9000. You can increase "
    "your rate limit by adding a payment method at https://platform.openai.com/account/billing."
)
_VLLM_LONG = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."
_LLAMACPP_LONG = "the request exceeds the available context size, try increasing it"
_MISTRAL_LONG = "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"


def _error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


_BODIES: list[tuple[str, int, Any, FailureKind]] = [
    # OpenAI
    ("openai key", 401, _error("Incorrect API key provided: sk-a**.", code="invalid_api_key"), Kind.CREDENTIAL),
    ("openai quota", 429, _error(_OPENAI_QUOTA, type="insufficient_quota", code="insufficient_quota"), Kind.BILLING),
    ("openai rate", 429, _error(_OPENAI_RATE, type="tokens", code="rate_limit_exceeded"), Kind.RATE_LIMITED),
    ("openai inactive", 429, _error("Your account is not active.", code="billing_not_active"), Kind.BILLING),
    ("openai hard limit", 400, _error("Billing hard limit has been reached", code=None), Kind.BILLING),
    ("openai model", 404, _error("The model `x` does not exist", code="model_not_found"), Kind.NOT_FOUND),
    ("openai long", 400, _error(_VLLM_LONG, code="context_length_exceeded"), Kind.CONTEXT_TOO_LONG),
    (
        "openai policy",
        400,
        _error("Rejected by our safety system.", code="content_policy_violation"),
        Kind.CONTENT_REFUSED,
    ),
    (
        "openai usage",
        400,
        _error("flagged as potentially violating our usage policy", code="invalid_prompt"),
        Kind.CONTENT_REFUSED,
    ),
    ("openai value", 400, _error("Invalid value for 'temperature'.", type="invalid_request_error"), Kind.BAD_REQUEST),
    (
        "openai region",
        403,
        _error("Country not supported", code="unsupported_country_region_territory"),
        Kind.CREDENTIAL,
    ),
    ("openai overload", 503, _error("That model is currently overloaded.", type="server_error"), Kind.OVERLOADED),
    ("openai engine", 429, _error("The engine is currently overloaded, please try again later"), Kind.OVERLOADED),
    ("openai fault", 500, _error("The server had an error.", type="server_error"), Kind.SERVER_ERROR),
    # Anthropic
    (
        "anthropic key",
        401,
        {"type": "error", **_error("invalid x-api-key", type="authentication_error")},
        Kind.CREDENTIAL,
    ),
    ("anthropic may not", 403, {"type": "error", **_error("no", type="permission_error")}, Kind.CREDENTIAL),
    (
        "anthropic credit",
        400,
        {"type": "error", **_error("Your credit balance is too low to access the API.")},
        Kind.BILLING,
    ),
    ("anthropic long", 400, _error("prompt is too long: 208310 tokens > 200000 maximum"), Kind.CONTEXT_TOO_LONG),
    (
        "anthropic big",
        413,
        {"type": "error", **_error("Request too large", type="request_too_large")},
        Kind.CONTEXT_TOO_LONG,
    ),
    ("anthropic rate", 429, {"type": "error", **_error("slow down", type="rate_limit_error")}, Kind.RATE_LIMITED),
    ("anthropic model", 404, {"type": "error", **_error("model: claude-x", type="not_found_error")}, Kind.NOT_FOUND),
    ("anthropic overload", 529, {"type": "error", **_error("Overloaded", type="overloaded_error")}, Kind.OVERLOADED),
    # Google, list-wrapped
    (
        "google key",
        400,
        [_error("API key not valid. Please pass a valid API key.", code=400, status="INVALID_ARGUMENT")],
        Kind.CREDENTIAL,
    ),
    ("google header", 400, [_error("Missing or invalid Authorization header.", code=400)], Kind.CREDENTIAL),
    ("google quota", 429, [_error(_GOOGLE_QUOTA, code=429, status="RESOURCE_EXHAUSTED")], Kind.RATE_LIMITED),
    (
        "google region",
        400,
        [_error("User location is not supported for the API use.", status="FAILED_PRECONDITION")],
        Kind.CREDENTIAL,
    ),
    (
        "google long",
        400,
        [_error("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).")],
        Kind.CONTEXT_TOO_LONG,
    ),
    ("google model", 404, [_error("models/x is not found for API version v1main", status="NOT_FOUND")], Kind.NOT_FOUND),
    (
        "google overload",
        503,
        [_error("The model is overloaded. Please try again later.", status="UNAVAILABLE")],
        Kind.OVERLOADED,
    ),
    ("google fault", 500, [_error("An internal error has occurred.", status="INTERNAL")], Kind.SERVER_ERROR),
    # Mistral: flat, the code beside the message
    ("mistral key", 401, {"detail": "Unauthorized"}, Kind.CREDENTIAL),
    (
        "mistral model",
        400,
        {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"},
        Kind.NOT_FOUND,
    ),
    ("mistral rate", 429, {"message": "Requests rate limit exceeded"}, Kind.RATE_LIMITED),
    ("mistral long", 400, {"object": "error", "message": _MISTRAL_LONG, "code": "3051"}, Kind.CONTEXT_TOO_LONG),
    (
        "mistral value",
        422,
        {"object": "error", "message": {"detail": [{"type": "missing", "loc": ["body"]}]}},
        Kind.BAD_REQUEST,
    ),
    # DeepSeek
    (
        "deepseek credit",
        402,
        _error("Insufficient Balance", type="unknown_error", code="invalid_request_error"),
        Kind.BILLING,
    ),
    ("deepseek model", 400, _error("Model Not Exist", code="invalid_request_error"), Kind.NOT_FOUND),
    ("deepseek content", 400, _error("Content Exists Risk", code="invalid_request_error"), Kind.CONTENT_REFUSED),
    # xAI: a code and a text
    (
        "xai key",
        400,
        {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: x*."},
        Kind.CREDENTIAL,
    ),
    ("xai credit", 403, {"code": "permission", "error": "Your team has used all available credits."}, Kind.BILLING),
    # Groq
    ("groq rate", 429, _error(_GROQ_RATE, type="tokens", code="rate_limit_exceeded"), Kind.RATE_LIMITED),
    (
        "groq retired",
        400,
        _error("The model `x` has been decommissioned.", code="model_decommissioned"),
        Kind.NOT_FOUND,
    ),
    (
        "groq long",
        400,
        _error("Please reduce the length of the messages.", code="context_length_exceeded"),
        Kind.CONTEXT_TOO_LONG,
    ),
    ("groq capacity", 498, _error("Flex tier capacity exceeded."), Kind.OVERLOADED),
    # OpenRouter: the code is the status
    ("openrouter credit", 402, _error("Insufficient credits. Add more on the credits page.", code=402), Kind.BILLING),
    ("openrouter model", 400, _error("x/y is not a valid model ID", code=400), Kind.NOT_FOUND),
    (
        "openrouter flagged",
        403,
        _error("x requires moderation. Your input was flagged.", code=403),
        Kind.CONTENT_REFUSED,
    ),
    ("openrouter late", 408, _error("Request timed out", code=408), Kind.TIMEOUT),
    ("openrouter down", 502, _error("Provider returned error", code=502), Kind.SERVER_ERROR),
    # Together
    (
        "together long",
        422,
        _error("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097."),
        Kind.CONTEXT_TOO_LONG,
    ),
    ("together model", 404, _error("Unable to access model x.", code="model_not_available"), Kind.NOT_FOUND),
    # local servers
    ("ollama model", 404, _error('model "x" not found, try pulling it first', type="api_error"), Kind.NOT_FOUND),
    ("ollama busy", 503, _error("server busy, please try again. maximum pending requests exceeded"), Kind.OVERLOADED),
    ("vllm model", 404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}, Kind.NOT_FOUND),
    ("vllm long", 400, {"object": "error", "message": _VLLM_LONG, "type": "BadRequestError"}, Kind.CONTEXT_TOO_LONG),
    ("llamacpp long", 400, _error(_LLAMACPP_LONG, type="exceed_context_size_error"), Kind.CONTEXT_TOO_LONG),
    ("llamacpp loading", 503, _error("Loading model", type="unavailable_error"), Kind.OVERLOADED),
    # anybody
    ("gateway page", 502, "<html>Bad Gateway</html>", Kind.SERVER_ERROR),
    ("cdn late", 524, "<html>A timeout occurred</html>", Kind.TIMEOUT),
    ("wrong path", 404, {"detail": "Not Found"}, Kind.NOT_FOUND),
    ("wrong method", 405, {"detail": "Method Not Allowed"}, Kind.NOT_FOUND),
    ("empty", 500, "", Kind.SERVER_ERROR),
    ("a number", 400, 7, Kind.BAD_REQUEST),
    ("an empty list", 400, [], Kind.BAD_REQUEST),
    ("a null error", 400, {"error": None}, Kind.BAD_REQUEST),
]


@pytest.mark.parametrize(("status", "body", "kind"), [row[1:] for row in _BODIES], ids=[row[0] for row in _BODIES])
def test_errors_as_providers_write_them(status: int, body: Any, kind: FailureKind) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    error = from_status(status, raw, "acme", header={"x-request-id": "req-1"}.get)
    assert error.kind is kind
    assert error.http_status == status
    assert error.body == raw
    assert error.request_id == "req-1"
    assert error.message.startswith(f"acme answered {status}: ")
    assert len(error.message) < 2100


@pytest.mark.parametrize(
    "quoted",
    [
        "Invalid schema for function 'get_billing_info'",
        "Unknown tool 'check_invalid_api_keys'",
        "'moderation_queue' is not of type 'object'",
        "Unexpected value 'rate-limiter' for tool_choice",
        "Invalid value: 'supermodel'. It was not found among the choices.",
    ],
)
def test_a_callers_words_quoted_in_an_error_close_no_door(quoted: str) -> None:
    """A caller's own text must never be read as an outage: it would put the deployment to rest for everybody."""
    assert kind_of(400, f"invalid_request_error {quoted}") is Kind.BAD_REQUEST


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 308])
def test_neither_a_redirect_nor_an_empty_success_is_the_callers_fault(status: int) -> None:
    error = from_status(status, b"", "acme")
    assert error.kind is Kind.GARBAGE
    assert ("base_url" in error.remedy) == (300 <= status < 400)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("2", 2.0),
        ("1.5", 1.5),
        (" 3 ", 3.0),
        ("-1", None),
        ("86400", None),
        ("1e99", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 2030 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_nothing(header: str | None, seconds: float | None) -> None:
    error = from_status(429, b"{}", "acme", header={"retry-after": header}.get)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("status", range(400, 600))
def test_every_error_status_means_something(status: int) -> None:
    kind = kind_of(status, "")
    assert (kind is Kind.BAD_REQUEST) <= (status < 500)


def test_a_body_that_cannot_be_read_is_shown_in_part() -> None:
    error = from_status(500, b"\xff" * 5000, "acme")
    assert len(error.message) < 400
    deep = from_status(400, b"[" * 100_000, "acme")
    assert deep.kind is Kind.BAD_REQUEST
