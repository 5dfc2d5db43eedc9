"""The cluster as the place where load clients run: each command in a pod beside the server."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from autotune.check.in_cluster import CLIENT_IMAGES, client_image
from autotune.emit.pod import tolerations
from autotune.run.cluster.errands import run_errand
from autotune.run.cluster.load_job import Errand
from autotune.run.cluster.parcel import pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from autotune.bench.client import BenchJob
    from autotune.engines.deployment import Volume
    from autotune.run.cluster.ground import Ground

#: Time to pull the client's image, beyond what the scheduler may take, in s: a guess for 10 GB with torch in it.
PULL_S = 900.0


class ClusterSite:
    """See `autotune.bench.site.Site`. `ground` is None before there is a server."""

    def __init__(self, tool: str, ground: Ground | None) -> None:
        self._tool = tool
        self._ground = ground

    def find(self, name: str, bin_dir: str | None) -> str | None:  # noqa: ARG002
        """By its name: what is in the image is known there alone."""
        return name

    def address(self, base_url: str) -> str:
        return base_url if self._ground is None else self._ground.address

    def run(
        self,
        job: BenchJob,
        argv: Sequence[str],
        *,
        folder: Path,
        log: Path,
        env: Mapping[str, str | None],
        timeout_s: float,
    ) -> int:
        """The command in a pod. Nothing of this machine's environment goes there."""
        ground = self._ground
        assert ground is not None
        image = client_image(self._tool, job.benchmark)
        assert image is not None
        server = ground.model_server
        own = () if job.benchmark.bin_dir is None else (job.benchmark.bin_dir,)
        errand = Errand(
            name=ground.new_name(),
            namespace=ground.deployment.namespace,
            image=image,
            marker=f"autotune-{token_hex(8)}",
            argv=tuple(argv),
            search=(*own, *CLIENT_IMAGES[self._tool].folders),
            pieces=tuple(pack(folder)),
            limit_s=timeout_s + ground.settings.schedule_timeout_s + PULL_S,
            env={name: value for name, value in env.items() if value is not None},
            secrets=server.secrets,
            volumes=tuple(_holding(job.endpoint.tokenizer, server.volumes)),
            # It may go wherever the server may: clusters that have GPU nodes alone are common.
            tolerations=tuple(tolerations(server)),
            beside={ground.shape.label: server.name},
        )
        return run_errand(ground, errand, folder=folder, log=log, timeout_s=timeout_s, cancelled=job.cancelled)


def _holding(path: str, volumes: Iterable[Volume]) -> list[Volume]:
    """The volumes that a folder of the server's is in; none for the name of a model on the Hub."""
    return [
        volume
        for volume in volumes
        if path.startswith("/")
        and volume.medium is None
        and f"{path.rstrip('/')}/".startswith(f"{volume.mount_path.rstrip('/')}/")
    ]
