"""Servers in Compose files, https://docs.docker.com/reference/compose-file."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from autotune.engines.deployment import SecretRef, Volume
from autotune.importing.container import maps, text_map, text_or_none, texts
from autotune.importing.expansion import compose_reference, expand_compose
from autotune.importing.found_server import FoundServer
from autotune.importing.sizes import read_docker_size

if TYPE_CHECKING:
    from collections.abc import Mapping

#: `source:target[:options]`, where the source is a path or a volume's name.
_SHORT_VOLUME = re.compile(r"(?P<source>[^:]+):(?P<target>/[^:]*)(?::(?P<options>[\w,]+))?")


def is_compose(document: Mapping[str, Any]) -> bool:
    """Whether a document is a Compose file rather than an object of Kubernetes."""
    services = document.get("services")
    return (
        "kind" not in document
        and isinstance(services, dict)
        and all(isinstance(item, dict) for item in services.values())
    )


def read_compose(document: Mapping[str, Any], where: str) -> list[FoundServer]:
    """Every service as a server, whatever it runs."""
    return [_service(name, service, document, where) for name, service in document["services"].items()]


def _service(name: str, service: Mapping[str, Any], document: Mapping[str, Any], where: str) -> FoundServer:
    env, secrets = _environment(service.get("environment"))
    configs = document.get("configs")
    files = {
        str(item.get("target")): expand_compose(str(config.get("content", "")))
        for item in maps(service.get("configs"))
        if isinstance(configs, dict) and isinstance(config := configs.get(str(item.get("source"))), dict)
        and "content" in config
    }  # fmt: skip
    image = text_or_none(service.get("image"))
    gpus, resource = _gpus(service)
    deploy = service.get("deploy")
    replicas = deploy.get("replicas") if isinstance(deploy, dict) else None
    return FoundServer(
        where=f"{where}, service {name}",
        argv=(*_words(service.get("entrypoint")), *_words(service.get("command"))),
        env=env,
        image=None if image is None else expand_compose(image),
        name=expand_compose(str(document.get("name") or name)),
        gpus=gpus,
        gpu_resource=resource,
        replicas=replicas if isinstance(replicas, int) else None,
        shm_bytes=read_docker_size(service.get("shm_size", "")),
        files=dict(sorted(files.items())),
        volumes=tuple(_volumes(service, document)),
        secrets=secrets,
        labels={key: expand_compose(value) for key, value in _pairs(service.get("labels")).items()},
        annotations={key: expand_compose(value) for key, value in _pairs(service.get("labels")).items()},
    )


def _words(data: Any) -> list[str]:
    """A command as words; text is split as a shell would, without running one."""
    if isinstance(data, str):
        try:
            return shlex.split(expand_compose(data))
        except ValueError:
            return [expand_compose(data)]
    return [expand_compose(word) for word in texts(data)]


def _pairs(data: Any) -> dict[str, str]:
    """`environment` and `labels` as a map or as a list of `name=value`; a name alone has no value and is left out."""
    if isinstance(data, dict):
        return text_map({key: "" if value is None else _scalar(value) for key, value in data.items()})
    return {name: value for name, equals, value in (item.partition("=") for item in texts(data)) if equals}


def _environment(data: Any) -> tuple[dict[str, str], tuple[SecretRef, ...]]:
    """Plain variables, and those whose value is the caller's."""
    names = [key for key, value in data.items() if value is None] if isinstance(data, dict) else []
    names += [item for item in texts(data) if "=" not in item]
    plain = {name: value for name, value in _pairs(data).items() if name not in names}
    given = {name: reference for name, value in plain.items() if (reference := compose_reference(value)) is not None}
    env = {name: expand_compose(value) for name, value in plain.items() if name not in given}
    secrets = {**{name: name for name in names}, **given}
    return env, tuple(SecretRef(name, None, key) for name, key in sorted(secrets.items()))


def _scalar(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _gpus(service: Mapping[str, Any]) -> tuple[int | None, str | None]:
    deploy = service.get("deploy")
    for key in ("resources", "reservations"):
        deploy = deploy.get(key) if isinstance(deploy, dict) else None
    for device in maps(deploy.get("devices") if isinstance(deploy, dict) else None):
        if "gpu" in texts(device.get("capabilities")):
            count = len(ids) if (ids := texts(device.get("device_ids"))) else device.get("count")
            return (count if isinstance(count, int) else None), "nvidia.com/gpu"
    return None, ("amd.com/gpu" if any("/dev/kfd" in item for item in texts(service.get("devices"))) else None)


def _volumes(service: Mapping[str, Any], document: Mapping[str, Any]) -> list[Volume]:
    declared = document.get("volumes")
    named = declared if isinstance(declared, dict) else {}
    found: list[Volume] = []
    entries = service.get("volumes")
    for number, item in enumerate(entries if isinstance(entries, list) else []):
        entry = _long(item) if isinstance(item, str) else item
        if not isinstance(entry, dict) or "target" not in entry:
            continue
        source, target = expand_compose(str(entry.get("source", ""))), expand_compose(str(entry["target"]))
        kind, read_only = entry.get("type"), entry.get("read_only") is True
        options = entry.get("volume")
        inside = text_or_none(options.get("subpath")) if isinstance(options, dict) else None
        label = f"volume-{number}"
        if kind == "bind":
            found.append(Volume(label, target, host_path=source, read_only=read_only))
        elif kind == "tmpfs":
            size = entry.get("tmpfs")
            given = read_docker_size(size.get("size", "")) if isinstance(size, dict) else None
            found.append(Volume(label, target, medium="Memory", size_bytes=given, read_only=read_only))
        elif source:
            volume = named.get(source)
            name = str(volume.get("name", source)) if isinstance(volume, dict) else source
            found.append(Volume(label, target, pvc=expand_compose(name), sub_path=inside, read_only=read_only))
        else:
            found.append(Volume(label, target, medium="", read_only=read_only))
    return found


def _long(text: str) -> dict[str, Any]:
    """The long form of a volume's short one."""
    hit = _SHORT_VOLUME.fullmatch(text)
    if hit is None:
        return {"type": "volume", "target": text}
    kind = "bind" if hit["source"].startswith((".", "/", "~")) else "volume"
    read_only = "ro" in (hit["options"] or "").split(",")
    return {"type": kind, "source": hit["source"], "target": hit["target"], "read_only": read_only}
