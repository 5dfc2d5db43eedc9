"""A registry of one image, over the protocol that engines pull with: https://distribution.github.io/distribution/spec/api/"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import json
import tarfile
import threading

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry:
    """Serves `<address>/made/image:latest`. A context manager. `held` blobs wait for `release` before their last byte."""

    def __init__(self, size_bytes=200_000, *, held=False):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            entry = tarfile.TarInfo("data")
            entry.size = size_bytes
            # Text that does not compress to nothing.
            text = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(size_bytes // 32 + 1))[:size_bytes]
            tar.addfile(entry, io.BytesIO(text))
        layer = gzip.compress(raw.getvalue(), mtime=0)
        config = json.dumps({
            "architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest(raw.getvalue())]},
        }).encode()  # fmt: skip
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(config), "digest": digest(config)},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": len(layer), "digest": digest(layer)}],
        }).encode()  # fmt: skip
        self.blobs = {digest(config): config, digest(layer): layer}
        self.manifests = {"latest": manifest, digest(manifest): manifest}
        self.asked = []
        self.release = threading.Event()
        if not held:
            self.release.set()
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                self.do_GET()

            def do_GET(self):
                registry.asked.append(self.path)
                if self.path == "/v2/":
                    return self.reply(b"{}", "application/json")
                kind, _, name = self.path.removeprefix("/v2/made/image/").partition("/")
                found = {"manifests": registry.manifests, "blobs": registry.blobs}.get(kind, {}).get(name)
                if not self.path.startswith("/v2/made/image/") or found is None:
                    error = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
                    return self.reply(json.dumps(error).encode(), "application/json", 404)
                return self.reply(found, MANIFEST if kind == "manifests" else "application/octet-stream")

            def reply(self, data, kind, status=200):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                if kind == MANIFEST:
                    self.send_header("Docker-Content-Digest", digest(data))
                self.end_headers()
                if self.command == "HEAD":
                    return
                if "/blobs/" in self.path:
                    self.wfile.write(data[:-1])
                    self.wfile.flush()
                    registry.release.wait(60)
                    data = data[-1:]
                self.wfile.write(data)

            def log_message(self, *arguments):
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
