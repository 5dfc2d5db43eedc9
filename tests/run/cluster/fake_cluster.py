"""Stands for a cluster, which nobody has here: the Kubernetes API over real HTTP (kmock), with controllers made for tests.

What a real API server would refuse is refused: documents are held against Kubernetes' own schemas and those of the custom
resources. Pods are made by what `plan` says of a server; one that serves is reached through a real port-forward websocket.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import attrs
import jsonschema
import kmock
import kubernetes_validate
import yaml
from aiohttp import web

from tests.emit.crds import assert_fits

KINDS = {
    "v1/pods": ("Pod", True), "v1/configmaps": ("ConfigMap", True), "v1/services": ("Service", True),
    "v1/events": ("Event", True), "apps/v1/deployments": ("Deployment", True),
}  # fmt: skip
OME_KINDS = {
    "ome.io/v1beta1/inferenceservices": ("InferenceService", True),
    "ome.io/v1beta1/clusterservingruntimes": ("ClusterServingRuntime", False),
}
REVIEWS = "authorization.k8s.io/v1/selfsubjectaccessreviews"
MANY_CHANNELS = 65_536


@dataclass
class Plan:
    """What becomes of a server's pod. `upstream` is where one that serves is answered from."""

    status: dict[str, Any] = field(default_factory=lambda: READY)
    log: str = ""
    previous_log: str = ""
    events: tuple[dict[str, Any], ...] = ()
    upstream: tuple[str, int] | None = None
    pods: int = 1


READY: dict[str, Any] = {
    "phase": "Running",
    "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
    "containerStatuses": [{"restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}],
}


def waiting(reason, message="", *, restarts=0, last=None):
    """A pod whose container waits for that reason."""
    status = {"restartCount": restarts, "state": {"waiting": {"reason": reason, "message": message}}}
    if last is not None:
        status["lastState"] = {"terminated": last}
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}]
    return {"phase": "Pending", "conditions": conditions, "containerStatuses": [status]}


def unschedulable(message):
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"phase": "Pending", "conditions": [condition]}


@attrs.define(kw_only=True)
class Api(kmock.KubernetesEmulator):
    """The API server. `cluster` is the FakeCluster it belongs to."""

    cluster: Any = None

    async def __call__(self, raw):
        try:
            answer = await self._answer(raw)
        except ApiFaultError as fault:
            return fault.response()
        return await super().__call__(raw) if answer is None else answer

    async def _answer(self, raw):
        parts = raw.path.strip("/").split("/")
        body = await raw.read()
        self.cluster.requests.append((raw.method, raw.path_qs, raw.headers.get("Content-Type", ""), body))
        if self.cluster.refuse is not None and (fault := self.cluster.refuse(raw.method, raw.path)):
            raise fault
        if parts[-1] == "selfsubjectaccessreviews":
            return self._review(json.loads(body))
        if parts[-1] == "portforward":
            return await self._forward(raw, parts[-2])
        if parts[-1] == "log":
            return self._log(parts[-2], raw.query)
        if raw.method == "PATCH":
            return self._apply(parts, json.loads(body), parse_qs(raw.query_string))
        if raw.method == "DELETE":
            self.cluster.deleted(parts[-1], self)
            return None
        if raw.method == "GET" and "labelSelector" in raw.query:
            return self._select(parts, raw.query["labelSelector"])
        return None

    def _review(self, review):
        wanted = review["spec"]["resourceAttributes"]
        allowed = (wanted["verb"], wanted["resource"]) not in self.cluster.forbidden
        return web.json_response({**review, "status": {"allowed": allowed}}, status=201)

    def _apply(self, parts, document, query):
        plural, name = parts[-2], parts[-1]
        namespace = parts[-3] if "namespaces" in parts else None
        group = "/".join(parts[1:3]) if parts[0] == "apis" else parts[1]
        key = (kmock.resource(f"{group}/{plural}"), namespace, name)
        there = key in self.objects and not self.objects[key].deleted
        if query["fieldManager"] == ["autotune"]:
            self._check(document)
        elif not there:
            raise ApiFaultError(404, "NotFound", f'{plural} "{name}" not found')
        if query.get("dryRun") == ["All"]:
            return web.json_response(document)
        if there:
            kept = self.objects[key].raw
            labels = {**kept["metadata"].get("labels", {}), **document["metadata"].get("labels", {})}
            merged = {**kept, **document, "metadata": {**kept["metadata"], **document["metadata"], "labels": labels}}
            self.objects[key] = merged
        else:
            made = {**document["metadata"], "uid": self.cluster.uid(), "creationTimestamp": "2026-01-01T00:00:00Z"}
            self.objects[key] = {**document, "metadata": made}
            self.cluster.made(document, self)
        return web.json_response(self.objects[key].raw)

    def _check(self, document):
        try:
            assert_fits(document)
        except (AssertionError, jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
            message = getattr(error, "message", str(error))
            raise ApiFaultError(422, "Invalid", f"{document['kind']} is invalid: {message}") from None

    def _select(self, parts, selector):
        plural = parts[-1]
        namespace = parts[-2] if "namespaces" in parts else None
        wanted = dict(item.split("=", 1) for item in selector.split(","))
        items = [
            item.raw
            for (resource, place, _), item in self.objects.items()
            if resource.plural == plural and not item.deleted and namespace in (None, place)
            and wanted.items() <= item.raw["metadata"].get("labels", {}).items()
        ]  # fmt: skip
        return web.json_response({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items})

    def _log(self, pod, query):
        plan = self.cluster.plan_of_pod(pod)
        if plan is None:
            raise ApiFaultError(404, "NotFound", f'pods "{pod}" not found')
        text = plan.previous_log if query.get("previous") in ("true", "True") else plan.log
        return web.Response(text=text, content_type="text/plain")

    async def _forward(self, raw, pod):
        """v4.channel.k8s.io: two channels a port, data and errors, each begun by the port's number."""
        plan = self.cluster.plan_of_pod(pod)
        if plan is None or plan.upstream is None:
            raise ApiFaultError(404, "NotFound", f"pod {pod} does not listen")
        port = int(raw.query["ports"])
        socket = web.WebSocketResponse(protocols=("v4.channel.k8s.io", "portforward.k8s.io"))
        await socket.prepare(raw)
        reader, writer = await asyncio.open_connection(*plan.upstream)
        for channel in (0, 1):
            await socket.send_bytes(bytes([channel]) + port.to_bytes(2, "little"))
        self.cluster.forwarded += 1

        async def back():
            while data := await reader.read(MANY_CHANNELS):
                await socket.send_bytes(b"\0" + data)
            await socket.close()

        task = asyncio.create_task(back())
        try:
            async for message in socket:
                if message.type == aiohttp.WSMsgType.BINARY and message.data[:1] == b"\0":
                    writer.write(message.data[1:])
                    await writer.drain()
        finally:
            task.cancel()
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
        return socket


class ApiFaultError(Exception):
    """An answer that the API server gives instead."""

    def __init__(self, status, reason, message):
        super().__init__(message)
        self.body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": status,
                     "reason": reason, "message": message}  # fmt: skip

    def response(self):
        return web.json_response(self.body, status=self.body["code"])


class FakeCluster:
    """The API server in a thread of its own. `plan` says what becomes of the pod of a server, by its Deployment."""

    def __init__(self, plan, *, ome=False):
        self.plan = plan
        self.kinds = {**KINDS, **(OME_KINDS if ome else {})}
        self.requests = []
        self.forbidden = set()
        self.refuse = None
        self.forwarded = 0
        self.pods = {}
        self._numbers = itertools.count(1)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(20)

    def write_kubeconfig(self, path, name="fake"):
        data = {
            "apiVersion": "v1", "kind": "Config", "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": self.url}}],
            "users": [{"name": name, "user": {}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        }  # fmt: skip
        path.write_text(yaml.safe_dump(data))
        return path

    def uid(self):
        return f"uid-{next(self._numbers)}"

    def made(self, document, api):
        """What the controllers do about a new object."""
        if document["kind"] not in ("Deployment", "InferenceService"):
            return
        name, namespace = document["metadata"]["name"], document["metadata"]["namespace"]
        plan = self.plan(document)
        if document["kind"] == "Deployment":
            template = document["spec"]["template"]
            labels, containers = template["metadata"]["labels"], template["spec"]["containers"]
        else:
            labels, containers = {"ome.io/inferenceservice": name}, [{"name": "ome-container"}]
        for number in range(plan.pods):
            pod = f"{name}-{number}"
            self.pods[pod] = (plan, name)
            status = json.loads(json.dumps(plan.status))
            for item in status.get("containerStatuses", []):
                item["name"] = containers[0]["name"]
            owner = api.objects[self._key(document, namespace)].raw["metadata"]["uid"]
            api.objects[kmock.resource("v1/pods"), namespace, pod] = {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": pod, "namespace": namespace, "labels": labels, "uid": self.uid(),
                             "ownerReferences": [{"uid": owner}]},
                "spec": {"containers": containers},
                "status": status,
            }  # fmt: skip
        for number, event in enumerate(plan.events):
            api.objects[kmock.resource("v1/events"), namespace, f"{name}.{number}"] = {
                "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{name}.{number}", "namespace": namespace},
                "involvedObject": {"kind": "Pod", "name": f"{name}-0"}, **event,
            }  # fmt: skip

    def deleted(self, name, api):
        """Garbage collection: what the object owns goes with it, and what that owns."""
        gone = {
            item.raw["metadata"].get("uid") for key, item in api.objects.items() if key[2] == name and not item.deleted
        }
        while True:
            owned = [
                key
                for key, item in api.objects.items()
                if not item.deleted
                and any(owner["uid"] in gone for owner in item.raw["metadata"].get("ownerReferences", []))
            ]
            if not owned:
                return
            for key in owned:
                gone.add(api.objects[key].raw["metadata"]["uid"])
                api.objects[key].delete()
                self.pods.pop(key[2], None)

    def plan_of_pod(self, pod):
        return self.pods.get(pod, (None, ""))[0]

    def objects(self, *, pods=True):
        """(kind, name) of everything that is there."""
        return sorted(
            (item.raw["kind"], item.raw["metadata"]["name"])
            for item in self._api.objects.values()
            if not item.deleted and item.raw["kind"] != "Event" and (pods or item.raw["kind"] != "Pod")
        )

    def object(self, kind, name):
        return next(
            item.raw for item in self._api.objects.values()
            if not item.deleted and (item.raw["kind"], item.raw["metadata"]["name"]) == (kind, name)
        )  # fmt: skip

    def drop_pods(self):
        """Someone deletes every pod."""
        for key, item in list(self._api.objects.items()):
            if key[0].plural == "pods" and not item.deleted:
                item.delete()
        self.pods.clear()

    def applied(self):
        """The bodies applied for real by the emitter's field manager, in order."""
        return [
            json.loads(body)
            for method, path, _, body in self.requests
            if method == "PATCH" and "fieldManager=autotune&" in f"{path}&" and "dryRun" not in path
        ]

    def _key(self, document, namespace):
        for name, (kind, _) in self.kinds.items():
            if kind == document["kind"]:
                return (kmock.resource(name), namespace, document["metadata"]["name"])
        raise KeyError(document["kind"])

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        # Forwards that are in flight close their connections before the loop goes, or a later test hears of them.
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self):
        self._ended = asyncio.Event()
        api = Api(cluster=self)
        for name, (kind, namespaced) in {**self.kinds, REVIEWS: ("SelfSubjectAccessReview", False)}.items():
            api.resources[name] = {"kind": kind, "namespaced": namespaced, "verbs": {"get", "list", "patch", "delete"}}
        self._api = api
        async with api, kmock.Server(api):
            self.url = str(api.url).rstrip("/")
            self._ready.set()
            await self._ended.wait()
