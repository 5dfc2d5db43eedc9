"""TensorRT-LLM's own router for disaggregated serving: `trtllm-serve disaggregated -c FILE`.

Read from the project's own guide (examples/disaggregated/README.md): context and generation servers are plain
`trtllm-serve` servers whose config file has a `cache_transceiver_config`; a context server runs without the overlap
scheduler; the router's file lists the servers as `host:port`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import yaml

from autotune.engines.known import known_flags
from autotune.engines.trtllm import FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.engines.deployment import Deployment
    from autotune.schema import Config

ROUTER_FILE = "/etc/autotune/disagg.yaml"


class TrtllmRouter:
    """See `autotune.engines.disagg.Router`."""

    def adapt(self, role: Literal["prefill", "decode"], server: Deployment, config: Config) -> Deployment:
        """The server's config file with how the KV cache travels, and without overlap on the prefill side."""
        content = yaml.safe_load(server.files.get(FILE, "")) or {}
        content["cache_transceiver_config"] = {"backend": (config.disagg.transfer_backend or "default").upper()}
        if role == "prefill":
            content["disable_overlap_scheduler"] = True
        argv = server.argv
        if FILE not in argv:
            flags = known_flags(server.engine, server.engine_version).flags
            argv = (*argv, "--config" if "--config" in flags else "--extra_llm_api_options", FILE)
        return replace(server, argv=argv, files={**server.files, FILE: yaml.safe_dump(content, sort_keys=True)})

    def command(self, parts: Sequence[Deployment], config: Config) -> tuple[tuple[str, ...], dict[str, str]]:
        """The router listens where one server would; everything it is told stands in its file."""
        servers = {
            role: [f"{part.name}:{part.port}" for part in parts if part.labels["autotune/role"] == role]
            for role in ("prefill", "decode")
        }
        content = {
            "hostname": "0.0.0.0",  # noqa: S104 - in a container
            "port": config.deploy.port,
            "backend": "pytorch",
            "context_servers": {"num_instances": len(servers["prefill"]), "urls": servers["prefill"]},
            "generation_servers": {"num_instances": len(servers["decode"]), "urls": servers["decode"]},
        }
        return ("trtllm-serve", "disaggregated", "-c", ROUTER_FILE), {
            ROUTER_FILE: yaml.safe_dump(content, sort_keys=False)
        }
