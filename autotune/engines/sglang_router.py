"""SGLang's own router for disaggregated serving: `python3 -m sglang_router.launch_router --pd-disaggregation`.

Read from the wheel of sglang-router 0.3.2: `--prefill URL [BOOTSTRAP_PORT]` and `--decode URL`, each once a server or
service. Prefill servers hand over the KV cache at their bootstrap port.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.engines.deployment import Deployment
    from autotune.schema import Config

#: SGLang's default of --disaggregation-bootstrap-port.
BOOTSTRAP_PORT = 8998


class SglangRouter:
    """See `autotune.engines.disagg.Router`."""

    def adapt(self, role: Literal["prefill", "decode"], server: Deployment, config: Config) -> Deployment:
        """`--disaggregation-mode`, and at the prefill side the port that decode servers fetch the KV cache from."""
        flags = ["--disaggregation-mode", role]
        if config.disagg.transfer_backend is not None:
            flags += ["--disaggregation-transfer-backend", config.disagg.transfer_backend]
        if role == "decode":
            return replace(server, argv=(*server.argv, *flags))
        flags += ["--disaggregation-bootstrap-port", str(BOOTSTRAP_PORT)]
        return replace(server, argv=(*server.argv, *flags), ports={**server.ports, "bootstrap": BOOTSTRAP_PORT})

    def command(self, parts: Sequence[Deployment], config: Config) -> tuple[tuple[str, ...], dict[str, str]]:
        """The router listens where one server would, and needs no file."""
        servers: list[str] = []
        for part in parts:
            url = f"http://{part.name}:{part.port}"
            servers += ["--prefill", url, str(part.ports["bootstrap"])] if part.ports else ["--decode", url]
        argv = (
            "python3", "-m", "sglang_router.launch_router", "--pd-disaggregation", *servers,
            "--host", "0.0.0.0", "--port", str(config.deploy.port),  # noqa: S104 - in a container
        )  # fmt: skip
        return argv, {}
