"""Runs the containers of the stand-in's Jobs: their own command, in folders that stand for the volumes."""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
import threading
from pathlib import Path


class Kubelet:
    """`logs` holds what each container printed so far."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._folder = None
        self._processes = {}
        self._done = set()
        self._threads = []
        self.logs = {}

    def run(self, pod, job):
        """Begin the pod's only container."""
        self._begin(self._container, pod, job)

    def benchmark(self, pod, job, what):
        """What OME's controller does of a BenchmarkJob."""
        self._begin(self._benchmark, pod, job, what)

    def ended(self, pod):
        return pod in self._done

    def kill(self, pod):
        """The pod was deleted."""
        if (process := self._processes.get(pod)) is not None:
            process.kill()

    def stop(self):
        for pod in list(self._processes):
            self.kill(pod)
        for thread in self._threads:
            thread.join(20)
        if self._folder is not None:
            self._folder.cleanup()

    def _begin(self, target, pod, *more):
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="fake-kubelet-")
        name = pod["metadata"]["name"]
        self.logs[name] = bytearray()
        self._threads.append(threading.Thread(target=target, args=(pod, *more), daemon=True))
        self._threads[-1].start()

    def _container(self, pod, _job):
        name, spec = pod["metadata"]["name"], pod["spec"]
        [container] = spec["containers"]
        assert container["command"] == ["python3", "-c"]
        places = self._mount(name, spec, container)
        script, *words = [word.replace("$$", "$") for word in container["args"]]
        for inside, place in places.items():
            words = [place + word[len(inside) :] if f"{word}/".startswith(f"{inside}/") else word for word in words]
        path = self._cluster.images.get(container["image"], "/nowhere")
        env = {item["name"]: item.get("value", "a secret").replace("$$", "$") for item in container["env"]}
        env["HOME"] = places[env["HOME"]]
        process = subprocess.Popen(
            [sys.executable, "-c", script, *words],
            env={**env, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._processes[name] = process
        self._say(pod, running={"startedAt": "2026-01-01T00:00:00Z"})
        with process:
            while data := process.stdout.read1(65536):
                self.logs[name] += data
        self._end(pod, process.returncode)

    def _benchmark(self, pod, job, what):
        name, uri = pod["metadata"]["name"], job["spec"]["outputLocation"]["storageUri"]
        claim, _, inside = uri.removeprefix("pvc://").partition("/")
        self._say(pod, running={"startedAt": "2026-01-01T00:00:00Z"})
        self._cluster.change("BenchmarkJob", job["metadata"]["name"], status={"state": "Running"})
        code, log = what(job, Path(self._cluster.claims[claim]) / inside)
        self.logs[name] += log.encode()
        self._end(pod, code)
        status = {"state": "Completed"} if code == 0 else {"state": "Failed", "failureMessage": "BackoffLimitExceeded"}
        self._cluster.change("BenchmarkJob", job["metadata"]["name"], status=status)

    def _mount(self, name, spec, container):
        """Folders of this machine by their place in the container."""
        sources = {volume["name"]: volume for volume in spec["volumes"]}
        places = {}
        for mount in container["volumeMounts"]:
            source = sources[mount["name"]]
            place = Path(self._folder.name) / name / mount["name"]
            if claim := source.get("persistentVolumeClaim"):
                place = Path(self._cluster.claims[claim["claimName"]]) / mount.get("subPath", "")
                assert place.is_dir(), "a read-only claim gets no new folder"
            else:
                place.mkdir(parents=True)
            for item in source.get("projected", {}).get("sources", []):
                for key, text in self._cluster.object("ConfigMap", item["configMap"]["name"])["binaryData"].items():
                    (place / key).write_bytes(base64.b64decode(text))
            places[mount["mountPath"]] = str(place)
        return places

    def _end(self, pod, code):
        self._done.add(pod["metadata"]["name"])
        self._say(pod, terminated={"exitCode": code, "reason": "Completed" if code == 0 else "Error"})

    def _say(self, pod, **state):
        status = {"name": pod["spec"]["containers"][0]["name"], "restartCount": 0, "state": state}
        self._cluster.change("Pod", pod["metadata"]["name"], status={"phase": "Running", "containerStatuses": [status]})
