"""Stands for a cluster, which nobody has here: the Kubernetes API over real HTTP (kmock), with controllers made for tests.

What a real API server would refuse is refused: documents are held against Kubernetes' own schemas and those of the custom
resources. Pods are made by what `plan` says of a server; one that serves is reached through a real port-forward websocket.
Jobs are run for real, by `fake_kubelet`. Objects have versions, lists and watches are served from them as the API's concepts
say: a watch goes on from a version, and one that is too old is Gone.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
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
from tests.run.cluster.fake_kubelet import Kubelet

KINDS = {
    "v1/pods": ("Pod", True), "v1/configmaps": ("ConfigMap", True), "v1/services": ("Service", True),
    "v1/events": ("Event", True), "apps/v1/deployments": ("Deployment", True), "batch/v1/jobs": ("Job", True),
}  # fmt: skip
OME_KINDS = {
    "ome.io/v1beta1/benchmarkjobs": ("BenchmarkJob", True),
    "ome.io/v1beta1/clusterbasemodels": ("ClusterBaseModel", False),
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
    runs: bool = False
    """Whether its container's command is run, as that of a Job."""
    benchmark: Any = None
    """What a BenchmarkJob does: a function of (its document, the folder of its claim) that gives (exit code, log)."""


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
            return await self._log(raw, parts[-2])
        if raw.method == "PATCH":
            return self._apply(parts, json.loads(body), parse_qs(raw.query_string))
        if raw.method == "DELETE":
            return self._delete(self._key(parts[:-1], parts[-1]))
        if raw.method == "GET" and any(parts[-1] == name.rsplit("/", 1)[-1] for name in self.cluster.kinds):
            wanted = Wanted(parts[-1], self._key(parts, "")[1], raw.query)
            return await self._watch(raw, wanted) if raw.query.get("watch") else self._list(wanted)
        return None

    def _review(self, review):
        wanted = review["spec"]["resourceAttributes"]
        allowed = (wanted["verb"], wanted["resource"]) not in self.cluster.forbidden
        return web.json_response({**review, "status": {"allowed": allowed}}, status=201)

    def _apply(self, parts, document, query):
        name = parts[-1]
        key = self._key(parts[:-1], name)
        there = key in self.objects and not self.objects[key].deleted
        if query["fieldManager"] == ["autotune"]:
            self._check(document)
        elif not there:
            raise ApiFaultError(404, "NotFound", f'{parts[-2]} "{name}" not found')
        if query.get("dryRun") == ["All"]:
            return web.json_response(document)
        managed = self.cluster.managed.setdefault((key, query["fieldManager"][0]), set())
        given = document["metadata"].get("labels", {})
        lost = managed - set(given)
        managed.clear()
        managed.update(given)
        if there:
            kept = self.objects[key].raw
            labels = {**kept["metadata"].get("labels", {}), **given}
            labels = {name: value for name, value in labels.items() if name not in lost}
            merged = {**kept, **document, "metadata": {**kept["metadata"], **document["metadata"], "labels": labels}}
            self.put(key, merged)
        else:
            made = {**document["metadata"], "uid": self.cluster.uid(), "creationTimestamp": "2026-01-01T00:00:00Z"}
            self.put(key, {**document, "metadata": made})
            self.cluster.made(document, self)
        return web.json_response(self.objects[key].raw)

    def _check(self, document):
        try:
            assert_fits(document)
        except (AssertionError, jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
            message = getattr(error, "message", str(error))
            raise ApiFaultError(422, "Invalid", f"{document['kind']} is invalid: {message}") from None

    def put(self, key, document):
        """An object that is made or changes; a version of the cluster's state."""
        there = key in self.objects and not self.objects[key].deleted
        document["metadata"]["resourceVersion"] = str(self.cluster.next_version())
        self.objects[key] = document
        self.cluster.tell("MODIFIED" if there else "ADDED", key, document)

    def drop(self, key):
        """An object that goes."""
        document = json.loads(json.dumps(self.objects[key].raw))
        self.objects[key].delete()
        document["metadata"]["resourceVersion"] = str(self.cluster.next_version())
        self.cluster.tell("DELETED", key, document)

    def _delete(self, key):
        if key not in self.objects or self.objects[key].deleted:
            raise ApiFaultError(404, "NotFound", f'{key[0].plural} "{key[2]}" not found')
        uid = self.objects[key].raw["metadata"]["uid"]
        self.drop(key)
        self.cluster.collect({uid}, self)
        return web.json_response({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})

    def _list(self, wanted):
        items = [item.raw for key, item in self.objects.items() if not item.deleted and wanted.takes(key, item.raw)]
        metadata = {"resourceVersion": str(self.cluster.version)}
        return web.json_response({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items})

    async def _watch(self, raw, wanted):
        cluster, version = self.cluster, int(raw.query["resourceVersion"])
        if not cluster.watchable:
            raise ApiFaultError(403, "Forbidden", f'{wanted.plural} is forbidden: User "me" cannot watch it')
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(raw)
        number, cluster.watches = cluster.cuts, cluster.watches + 1
        ends = asyncio.get_running_loop().time() + min(float(raw.query["timeoutSeconds"]), cluster.watch_s)
        while (
            number == cluster.cuts
            and raw.transport is not None
            and not cluster.closing
            and asyncio.get_running_loop().time() < ends
        ):
            if version < cluster.oldest:
                gone = ApiFaultError(410, "Expired", f"too old resource version: {version} ({cluster.oldest})").body
                await answer.write(json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
                break
            for at, what, key, document in [item for item in cluster.history if item[0] > version]:
                version = at
                if wanted.takes(key, document):
                    await answer.write(json.dumps({"type": what, "object": document}).encode() + b"\n")
            cluster.bell.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(cluster.bell.wait(), 0.05)
        if number != cluster.cuts and raw.transport is not None:
            raw.transport.close()
        return answer

    async def _log(self, raw, pod):
        plan = self.cluster.plan_of_pod(pod)
        if plan is None:
            raise ApiFaultError(404, "NotFound", f'pods "{pod}" not found')
        if pod in self.cluster.kubelet.logs:
            return await self._running_log(raw, pod)
        text = plan.previous_log if raw.query.get("previous") in ("true", "True") else plan.log
        return web.Response(text=text, content_type="text/plain")

    async def _running_log(self, raw, pod):
        follow = raw.query.get("follow") in ("true", "True")
        if follow and self.cluster.breaks_logs:
            raw.transport.close()
            return web.Response()
        answer, sent = web.StreamResponse(headers={"Content-Type": "text/plain"}), 0
        await answer.prepare(raw)
        while True:
            ended, text = self.cluster.kubelet.ended(pod), bytes(self.cluster.kubelet.logs[pod])
            await answer.write(text[sent:])
            sent = len(text)
            if ended or not follow:
                return answer
            await asyncio.sleep(0.02)

    def _key(self, parts, name):
        """The key of an object below the path of its kind."""
        namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts else None
        group = "/".join(parts[1:3]) if parts[0] == "apis" else parts[1]
        return kmock.resource(f"{group}/{parts[-1]}"), namespace, name

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


class Wanted:
    """What a list or a watch asks for."""

    def __init__(self, plural, namespace, query):
        self.plural, self.namespace = plural, namespace
        self._labels = [
            (key, set(several.split(",")) if several else {one})
            for key, several, one in re.findall(
                r"([\w./-]+)(?: in \(([^)]*)\)|=([\w.-]+))", query.get("labelSelector", "")
            )
        ]
        self._fields = dict(item.split("=", 1) for item in query.get("fieldSelector", "").split(",") if item)
        assert set(self._fields) <= {"metadata.name"}, "custom resources have no other field selectors"

    def takes(self, key, document):
        labels = document["metadata"].get("labels", {})
        return (
            key[0].plural == self.plural
            and self.namespace in (None, key[1])
            and all(labels.get(name) in values for name, values in self._labels)
            and self._fields.get("metadata.name", document["metadata"]["name"]) == document["metadata"]["name"]
        )


class ApiFaultError(Exception):
    """An answer that the API server gives instead."""

    def __init__(self, status, reason, message):
        super().__init__(message)
        self.body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": status,
                     "reason": reason, "message": message}  # fmt: skip

    def response(self):
        return web.json_response(self.body, status=self.body["code"])


def _status(plan, containers):
    status = json.loads(json.dumps(plan.status))
    for item in status.get("containerStatuses", []):
        item["name"] = containers[0]["name"]
    return status


class FakeCluster:
    """The API server in a thread of its own. `plan` says what becomes of the pod of a server, by its Deployment.

    `claims` are folders that stand for claims, `images` folders of commands that stand for what an image has on its PATH.
    """

    def __init__(self, plan, *, ome=False):
        self.plan = plan
        self.kinds = {**KINDS, **(OME_KINDS if ome else {})}
        self.requests = []
        self.forbidden = set()
        self.refuse = None
        self.watchable = True
        self.watch_s = 3600.0
        self.breaks_logs = False
        self.forwarded = 0
        self.pods = {}
        self.claims = {}
        self.images = {}
        self.version = 0
        self.oldest = 0
        self.history = []
        self.managed = {}
        self.cuts = 0
        self.watches = 0
        self.closing = False
        self.model_state = "Ready"
        self.kubelet = Kubelet(self)
        self._numbers = itertools.count(1)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_):
        self.kubelet.stop()
        self.closing = True
        self.cut()
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

    def next_version(self):
        self.version += 1
        return self.version

    def tell(self, what, key, document):
        """Let those who watch know."""
        self.history.append((self.version, what, key, json.loads(json.dumps(document))))
        self.bell.set()

    def forget(self):
        """The API server keeps no older versions than the present one; watches break off, and cannot go on."""

        def compact():
            self.history, self.oldest = [], self.version + 1
            self.next_version()

        self.call(compact)
        self.cut()

    def cut(self):
        """Every watch loses its connection."""

        def cut():
            self.cuts += 1
            self.bell.set()

        self.call(cut)

    def call(self, function, *arguments):
        """In the API server's thread, and wait for it."""
        done = threading.Event()

        def run():
            try:
                function(*arguments)
            finally:
                done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(20)

    def change(self, kind, name, **fields):
        """A controller writes into an object, from any thread."""

        def write():
            for key, item in list(self._api.objects.items()):
                if not item.deleted and (item.raw["kind"], key[2]) == (kind, name):
                    self._api.put(key, {**json.loads(json.dumps(item.raw)), **fields})

        self.call(write)

    def set_plan(self, name, plan):
        """What becomes of a server changes: its pods are now as this plan says."""
        for pod, (_, server) in list(self.pods.items()):
            if server == name:
                self.pods[pod] = (plan, name)
                self.change("Pod", pod, status=_status(plan, self.object("Pod", pod)["spec"]["containers"]))

    def made(self, document, api):
        """What the controllers do about a new object."""
        kind, name = document["kind"], document["metadata"]["name"]
        if kind == "ClusterBaseModel":
            key = self._key(document, None)
            api.put(key, {**api.objects[key].raw, "status": {"state": self.model_state}})
        if kind not in ("Deployment", "InferenceService", "Job", "BenchmarkJob"):
            return
        namespace = document["metadata"]["namespace"]
        plan = self.plan(document)
        if kind in ("Deployment", "Job"):
            template = document["spec"]["template"]
            labels, containers = template["metadata"]["labels"], template["spec"]["containers"]
            spec = {**template["spec"], "nodeName": "node-1"}
        elif kind == "BenchmarkJob":
            labels, containers = {"benchmark": name, "job-name": name}, [{"name": name, "image": "ome/genai-bench:1"}]
            spec = {"containers": containers, "nodeName": "node-2"}
        else:
            labels, containers = {"ome.io/inferenceservice": name}, [{"name": "ome-container"}]
            spec = {"containers": containers}
        for number in range(plan.pods):
            pod = f"{name}-{number}"
            self.pods[pod] = (plan, name)
            owner = api.objects[self._key(document, namespace)].raw["metadata"]["uid"]
            made = {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": pod, "namespace": namespace, "labels": labels, "uid": self.uid(),
                             "creationTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": [{"uid": owner}]},
                "spec": spec,
                "status": _status(plan, containers),
            }  # fmt: skip
            api.put((kmock.resource("v1/pods"), namespace, pod), made)
            if plan.runs:
                self.kubelet.run(made, document)
            if plan.benchmark is not None:
                self.kubelet.benchmark(made, document, plan.benchmark)
        for number, event in enumerate(plan.events):
            made = {
                "apiVersion": "v1", "kind": "Event",
                "metadata": {"name": f"{name}.{number}", "namespace": namespace, "uid": self.uid()},
                "involvedObject": {"kind": "Pod", "name": f"{name}-0"}, **event,
            }  # fmt: skip
            api.put((kmock.resource("v1/events"), namespace, f"{name}.{number}"), made)

    def collect(self, gone, api):
        """Garbage collection: what the objects own goes with them, and what that owns."""
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
                api.drop(key)
                if self.pods.pop(key[2], None) is not None:
                    self.kubelet.kill(key[2])

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

    def drop_pods(self, name=""):
        """Someone deletes every pod whose name begins so."""

        def drop():
            for key, item in list(self._api.objects.items()):
                if key[0].plural == "pods" and key[2].startswith(name) and not item.deleted:
                    self._api.drop(key)
                    self.pods.pop(key[2], None)

        self.call(drop)

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
        self.bell = asyncio.Event()
        api = Api(cluster=self)
        for name, (kind, namespaced) in {**self.kinds, REVIEWS: ("SelfSubjectAccessReview", False)}.items():
            api.resources[name] = {
                "kind": kind,
                "namespaced": namespaced,
                "verbs": {"get", "list", "watch", "patch", "delete"},
            }
        self._api = api
        async with api, kmock.Server(api):
            self.url = str(api.url).rstrip("/")
            self._ready.set()
            await self._ended.wait()
