"""vLLM's flags of its HTTP server alone: `vllm serve` has them, the engine (`AsyncEngineArgs`) has not.

Read from vLLM's own parsers: what `FrontendArgs` (vllm/entrypoints) adds in 0.32, and what it added before. For whoever
runs the engine behind a server of its own, as Dynamo does.
"""

from __future__ import annotations

_SWITCHES = (
    "--allow-credentials", "--disable-fastapi-docs", "--disable-uvicorn-access-log", "--enable-auto-tool-choice",
    "--enable-force-include-usage", "--enable-log-deltas", "--enable-log-outputs", "--enable-offline-docs",
    "--enable-per-request-metrics", "--enable-prompt-tokens-details", "--enable-request-id-headers",
    "--enable-server-load-tracking", "--enable-ssl-refresh", "--enable-tokenizer-info-endpoint",
    "--exclude-tools-when-tool-choice-none", "--log-error-stack", "--return-tokens-as-token-ids", "--tokens-only",
    "--trust-request-chat-template", "--trust-request-mm-kwargs",
)  # fmt: skip

FRONTEND_FLAGS = frozenset({
    *_SWITCHES,
    *(f"--no-{flag[2:]}" for flag in _SWITCHES),
    "--allowed-headers", "--allowed-methods", "--allowed-origins", "--api-key", "--api-server-count", "--chat-template",
    "--chat-template-content-format", "--default-chat-template-kwargs", "--disable-access-log-for-endpoints",
    "--disable-frontend-multiprocessing", "--grpc-port", "--h11-max-header-count", "--h11-max-incomplete-event-size",
    "--headless", "--host", "--log-config-file", "--lora-modules", "--max-log-len", "--middleware", "--port",
    "--response-role", "--root-path", "--sse-keep-alive-interval", "--ssl-ca-certs", "--ssl-cert-reqs", "--ssl-certfile",
    "--ssl-ciphers", "--ssl-keyfile", "--tool-call-parser", "--tool-parser-plugin", "--tool-server",
    "--tool-strict-level", "--uds", "--uvicorn-log-level",
})  # fmt: skip
