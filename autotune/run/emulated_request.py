"""Bodies of completion requests, checked as an OpenAI-compatible server would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_DEFAULT_TOKENS = {"chat": 128, "text": 16}


class ApiError(Exception):
    """An answer in OpenAI's error format."""

    def __init__(self, status: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param

    def as_dict(self) -> dict[str, Any]:
        kind = "NotFoundError" if self.status == 404 else "BadRequestError"
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.status}}


@dataclass(frozen=True, slots=True)
class Generation:
    """What is asked for. An emulated token is a word: `prompt_tokens` counts them."""

    chat: bool
    prompt_tokens: int
    output_tokens: int
    stream: bool
    include_usage: bool


def parse_generation(body: Any, model: str, max_context: int, *, chat: bool) -> Generation:
    """The request in a JSON body. Raises ApiError (400, or 404 for another model's name)."""
    if not isinstance(body, dict):
        raise ApiError(400, "the body must be a JSON object")
    if (asked := body.get("model", model)) != model:
        raise ApiError(404, f"The model `{asked}` does not exist.", "model")
    if body.get("n", 1) != 1:
        raise ApiError(400, "the emulated server gives one choice only", "n")
    prompt_tokens = max(1, _chat_words(body) if chat else _prompt_words(body))
    output_tokens = _max_tokens(body, chat=chat)
    if prompt_tokens + output_tokens > max_context:
        raise ApiError(
            400,
            f"This model's maximum context length is {max_context} tokens. However, you requested "
            f"{prompt_tokens + output_tokens} tokens ({prompt_tokens} in the messages, {output_tokens} in the completion).",
            "messages" if chat else "prompt",
        )
    options = body.get("stream_options") or {}
    if not isinstance(options, dict):
        raise ApiError(400, "stream_options must be an object", "stream_options")
    return Generation(chat, prompt_tokens, output_tokens, bool(body.get("stream")), bool(options.get("include_usage")))


def _max_tokens(body: dict[str, Any], *, chat: bool) -> int:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ApiError(400, f"{name} must be a whole number of at least 1, got {value!r}", name)
        return value
    return _DEFAULT_TOKENS["chat" if chat else "text"]


def _chat_words(body: dict[str, Any]) -> int:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ApiError(400, "messages must be a list of at least one message", "messages")
    words = 0
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        parts = content if isinstance(content, list) else [{"text": content}]
        for part in parts:
            text = part.get("text") if isinstance(part, dict) else None
            if not isinstance(text, str):
                raise ApiError(400, "each message needs text content", "messages")
            words += len(text.split())
    return words


def _prompt_words(body: dict[str, Any]) -> int:
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return len(prompt.split())
    if isinstance(prompt, list) and prompt and all(isinstance(token, int) for token in prompt):
        return len(prompt)
    raise ApiError(400, "prompt must be a text or a list of token ids", "prompt")
