"""One container of a pod, and the pod around it, as a found server."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from autotune.emit.lws import without_group_flags
from autotune.engines.deployment import SecretRef, Volume
from autotune.importing.expansion import expand_kubernetes
from autotune.importing.launch import engine_of_image, find_launch, find_script
from autotune.importing.sizes import read_kubernetes_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Names by which controllers know the container that serves: KServe's, OME's, and the one of LLMInferenceService and Dynamo.
_SERVING = ("kserve-container", "ome-container", "main")
_SHM = "/dev/shm"  # noqa: S108


def choose_container(containers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one that serves the model: by its command, its name, its image, or its GPUs; else the first."""

    def rank(container: Mapping[str, Any]) -> int:
        words = words_of(container)
        if find_launch(words) is not None or find_script(words) is not None:
            return 0
        if container.get("name") in _SERVING:
            return 1
        if engine_of_image(text_or_none(container.get("image"))) is not None:
            return 2
        return 3 if read_gpus(container)[0] else 4

    return min(containers, key=rank)


def words_of(container: Mapping[str, Any]) -> list[str]:
    """Command and arguments as the manifest holds them."""
    return [*texts(container.get("command")), *texts(container.get("args"))]


def read_environment(
    container: Mapping[str, Any],
) -> tuple[dict[str, str], tuple[SecretRef, ...], tuple[str, ...]]:
    """Plain variables with their references resolved, those from Secrets, and the names of those from elsewhere."""
    env: dict[str, str] = {}
    secrets: list[SecretRef] = []
    elsewhere: list[str] = []
    for entry in maps(container.get("env")):
        name = str(entry.get("name", ""))
        source = entry.get("valueFrom")
        if not isinstance(source, dict):
            env[name] = expand_kubernetes(str(entry.get("value", "") or ""), env)
        elif isinstance(reference := source.get("secretKeyRef"), dict):
            secrets.append(SecretRef(name, text_or_none(reference.get("name")), str(reference.get("key", name))))
        else:
            elsewhere.append(name)
    return env, tuple(secrets), tuple(elsewhere)


def read_command(container: Mapping[str, Any], env: Mapping[str, str]) -> tuple[str, ...]:
    """The command line as the process gets it, without what a LeaderWorkerSet adds for several nodes."""
    return tuple(expand_kubernetes(word, env) for word in without_group_flags(words_of(container)))


def read_gpus(container: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """How many GPUs are asked for, and the resource's name."""
    resources = container.get("resources")
    if not isinstance(resources, dict):
        return None, None
    for kind in ("limits", "requests"):
        amounts = resources.get(kind)
        for name, amount in amounts.items() if isinstance(amounts, dict) else ():
            if (name == "gpu" or name.endswith("/gpu") or "/mig-" in name) and str(amount).isdigit():
                return int(amount), None if name == "gpu" else name
    return None, None


def read_files(
    container: Mapping[str, Any], pod: Mapping[str, Any], config_maps: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Path -> text of what is mounted from ConfigMaps, as far as these are known."""
    sources = {
        str(volume.get("name")): volume["configMap"]
        for volume in maps(pod.get("volumes"))
        if isinstance(volume.get("configMap"), dict)
    }
    files: dict[str, str] = {}
    for mount in maps(container.get("volumeMounts")):
        source = sources.get(str(mount.get("name")))
        data = {} if source is None else config_maps.get(str(source.get("name")), {})
        target = str(mount.get("mountPath", ""))
        keys = {str(item.get("path")): str(item.get("key")) for item in maps((source or {}).get("items"))} or {
            key: key for key in data
        }
        if (inside := mount.get("subPath")) is not None:
            if (text := data.get(keys.get(str(inside), ""))) is not None:
                files[target] = text
        else:
            files |= {posixpath.join(target, name): data[key] for name, key in keys.items() if key in data}
    return dict(sorted(files.items()))


def read_volumes(container: Mapping[str, Any], pod: Mapping[str, Any]) -> tuple[tuple[Volume, ...], int | None]:
    """Claims, folders of the host and scratch volumes, and the size of /dev/shm."""
    sources = {str(volume.get("name")): volume for volume in maps(pod.get("volumes"))}
    found: list[Volume] = []
    shm: int | None = None
    for mount in maps(container.get("volumeMounts")):
        name, target = str(mount.get("name")), str(mount.get("mountPath", ""))
        source = sources.get(name, {})
        inside, read_only = text_or_none(mount.get("subPath")), mount.get("readOnly") is True
        scratch = source.get("emptyDir")
        if isinstance(claim := source.get("persistentVolumeClaim"), dict):
            pvc = str(claim.get("claimName"))
            found.append(Volume(name, target, pvc=pvc, sub_path=inside, read_only=read_only))
        elif isinstance(folder := source.get("hostPath"), dict):
            path = str(folder.get("path"))
            found.append(Volume(name, target, host_path=path, sub_path=inside, read_only=read_only))
        elif isinstance(scratch, dict):
            size = read_kubernetes_size(scratch.get("sizeLimit", ""))
            memory = scratch.get("medium") == "Memory"
            if target == _SHM and memory:
                shm = size
            else:
                medium = "Memory" if memory else ""
                found.append(Volume(name, target, medium=medium, sub_path=inside, size_bytes=size, read_only=read_only))  # type: ignore[arg-type]
    return tuple(found), shm


def maps(data: object) -> list[dict[str, Any]]:
    """The maps of a list; empty for anything else, which the API server would refuse."""
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def texts(data: object) -> list[str]:
    """The items of a list as text."""
    return [str(item) for item in data] if isinstance(data, list) else []


def text_map(data: object) -> dict[str, str]:
    """A map as text; labels and annotations are nothing else."""
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def text_or_none(data: object) -> str | None:
    return None if data is None else str(data)
