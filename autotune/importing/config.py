"""A found server as the settings of a v2 task: every argument at a config path that gives it again, or kept as it is.

The steps: the engine's command and version; what the environment says; the table read backwards (`invert`); what is left
stays verbatim in misc.extra_args and misc.env; and at the end the whole is lowered once more and compared.
"""

from __future__ import annotations

import json
import re
from math import ceil
from typing import TYPE_CHECKING, Any

from autotune.catalog import find_gpu, find_model
from autotune.diagnostics import Diagnostic, InputError, Source, Writer, diagnostic, hide_secrets, holds_secret
from autotune.engines import ENGINES
from autotune.engines.engine import Facts
from autotune.engines.known import known_flags
from autotune.importing.arguments import ENV, FILE, KEY, same
from autotune.importing.imported import Account, Imported, Part, Status
from autotune.importing.invert import Inverter
from autotune.importing.launch import find_launch
from autotune.importing.placing import (
    SHARED_MEMORY,
    find_gpu_of,
    place_labels,
    place_secrets,
    place_unread,
    place_volumes,
)
from autotune.importing.refuse import refuse
from autotune.importing.target import Target, read_target
from autotune.importing.unwrap import unwrap
from autotune.importing.version import choose_version
from autotune.layers import copy_tree, get_path, set_path, split_path
from autotune.schema import Config, field_paths
from autotune.schema.task_text import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from autotune.catalog.facts import Catalog, Gpu, ModelFacts
    from autotune.engines.known import KnownFlags
    from autotune.importing.found_server import FoundServer

#: Ports that servers listen on unless told otherwise (each engine's own command line).
PORTS = {"vllm": 8000, "sglang": 30000, "trtllm": 8000, "transformers": 8000}
#: Models that stand for one that nobody knows: dense, with experts, with latent attention, quantized. What lowers alike for
#: all of them does not depend on the model.
STAND_INS = ("meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-30B-A3B", "deepseek-ai/DeepSeek-V3", "Qwen/Qwen3-32B-AWQ")
#: GPUs that stand for one that nobody named, by the vendor that the image is for.
GPUS = {
    "nvidia": ("h100_sxm", "a100_sxm", "l40s", "b200_sxm"),
    "amd": ("mi300x",),
    "cpu": ("cpu",),
    "": ("h100_sxm", "a100_sxm", "l40s", "b200_sxm", "mi300x"),
}
#: A variable of a shell or of a manifest.
_VARIABLE = re.compile(r"\$(?:[A-Za-z_{(]|\d)")
NOT_FILLED = "the variable is taken literally, nothing fills it in: write its value"
_NAME_FLAGS = ("--served-model-name", "--served_model_name")


def _no_folder(_: str) -> ModelFacts | None:
    return None


def to_settings(
    server: FoundServer,
    catalog: Catalog,
    *,
    given: Mapping[str, Any] | None = None,
    read_model: Callable[[str], ModelFacts | None] = _no_folder,
    base: Mapping[str, Any] | None = None,
) -> Imported:
    """The server as settings, with the account of everything that it says.

    `given` are config paths that the user decides (`system.gpu`, `system.backend_version`, `model.id` ...); they win over the
    command. `base` is the config that a task file is laid over, where it is not the schema's defaults. Raises InputError:
    AT042 where no engine is started or no model named, AT020 for a version that is not known, AT011 for an unknown GPU.
    """
    return _Reading(server, catalog, dict(given or {}), read_model, base or {}).read()


class _Reading:
    """One server on its way to settings."""

    def __init__(
        self,
        server: FoundServer,
        catalog: Catalog,
        given: dict[str, Any],
        read_model: Callable[[str], ModelFacts | None],
        base: Mapping[str, Any],
    ) -> None:
        backend = given.get("system.backend")
        self.command = unwrap(server, backend if isinstance(backend, str) else None)
        self.server = self.command.server
        self.engine = self.command.engine
        self.catalog = catalog
        self.given = given
        self.read_model = read_model
        self.data: dict[str, Any] = copy_tree(dict(base))
        self.data["model"] = {}
        self.account = Account()
        self.found: list[Diagnostic] = []
        self.writer = Writer(Source.USER, server.where)
        self.comments: dict[str, str] = {}
        if isinstance(backend, str) and backend != self.engine:
            raise refuse(
                f"the command starts {self.engine}, and system.backend={backend} is said",
                server.where,
                "drop one of them; an import changes no engine",
            )

    def read(self) -> Imported:
        """All steps in order."""
        secret, env = place_secrets(self.server, self.account)
        wanted = self.given.get("system.backend_version")
        self.version, target = choose_version(
            self.engine,
            str(wanted) if wanted is not None else None,
            self.server.image,
            lambda version: read_target(
                self.engine, self.command.words, env, self.server.files, known_flags(self.engine, version)
            ),
        )
        self.known = known_flags(self.engine, self.version.known)
        launched = find_launch(self.server.argv) is not None
        self.put(
            "system.backend", self.engine, f"from `{' '.join(self.server.argv[:2])}`" if launched else "from the image"
        )
        for path, value in self.given.items():
            self.put(path, value, "said beside the command")
        if self.version.asked is not None and "system.backend_version" not in self.given:
            self.put("system.backend_version", self.version.asked, f"from {self.version.why}")
        self.name_model(target)
        if secret is not None:
            self.put("deploy.hf_token_secret", secret, "only the reference is ever written")
        self.place(target)
        variants = self.variants()
        values, kept_out = self.take_apart(target)
        inverter, values, keeps_file = self.invert(target, values, variants, env)
        self.data = inverter.data
        written = self.write_paths(inverter, target)
        self.write_rest(inverter, target, values)
        added = self.verify(inverter, target, values)
        self.count_gpus(variants[0])
        place_unread(self.server, self.account)
        self.note_arguments(target, written, kept_out)
        return Imported(
            where=self.server.where,
            name=self.server.name or f"{self.engine}-{str(get_path(self.data, ('model', 'id'))).rpartition('/')[2]}",
            engine=self.engine,
            version=self.version.known,
            settings=self.settings(),
            parts=tuple(self.account.parts),
            values=values,
            added=added,
            keeps_file=keeps_file,
            variants=tuple(variants),
            diagnostics=tuple(self.found + self.findings()),
        )

    def put(self, path: str, value: Any, comment: str) -> None:
        """One setting. What the user decided stays."""
        if path in self.given and value != self.given[path]:
            return
        set_path(self.data, split_path(path), value)
        self.comments[path] = comment

    def name_model(self, target: Target) -> None:
        """model.id, and model.path where the engine is given something else than the name that facts are known by."""
        typed = target.model
        chosen = self.given.get("model.id")
        if typed is None and chosen is None:
            raise refuse(
                f"the command of {self.engine} names no model",
                self.server.where,
                "give the whole command, or name the model beside it: model.id=org/name",
            )
        if typed is not None and "$" in typed and self.engine and chosen is None and not self.given.get("model.path"):
            raise refuse(
                f"the model is `{typed}`, and nothing says what that is",
                self.server.where,
                "write the model's name, or set the variable before the command",
            )
        labelled = self.server.annotations.get("autotune/model")
        if typed is None or "$" in typed:
            self.facts = self.find_facts(str(chosen), None)
            return
        said = f"model {typed}"
        if self.engine == "transformers" and chosen is None and "@" in typed and not typed.startswith(("/", ".")):
            name, _, revision = typed.partition("@")
            self.put("model.id", name, f"from `{typed}`")
            self.put("model.revision", revision, f"from `{typed}`")
            self.facts = self.find_facts(name, None)
            self.account.add(said, Status.MAPPED, ("model.id", "model.revision"))
            return
        known = str(chosen or labelled or typed)
        self.facts = self.find_facts(known, typed if known != typed else None)
        if chosen is None and self.facts is not None and self.catalog.models.get(self.facts.id) is self.facts:
            # A short name is the catalog's alone; the engine is given what was typed.
            known = self.facts.id
        self.put("model.id", known, f"from `{typed}`" if known == typed else "the name that facts are known by")
        if known != typed:
            self.put("model.path", typed, f"from `{typed}`")
        self.account.add(said, Status.MAPPED, ("model.id",) if known == typed else ("model.id", "model.path"))
        if self.facts is None:
            self.comments["model.id"] += "; no facts are known about it"

    def find_facts(self, name: str, path: str | None) -> ModelFacts | None:
        """As the compiler finds them: a folder on this machine, else the catalog."""
        for place in (path, name):
            if place is not None and (facts := self.read_model(place)) is not None:
                return facts
        try:
            return find_model(self.catalog, name)
        except InputError:
            return None

    def place(self, target: Target) -> None:
        """Everything about where the server runs."""
        server = self.server
        for path, value in place_volumes(server, target.model or "", self.account).items():
            self.put(path, value, "from the volume")
        for path, value in place_labels(server, self.account).items():
            self.put(path, value, "as they were")
        for path, value in (
            ("deploy.namespace", server.namespace),
            ("deploy.replicas", server.replicas),
            ("system.nodes", server.nodes),
        ):
            if value not in (None, "", 1) or (path == "deploy.replicas" and value is not None and value != 1):
                self.put(path, value, f"from {server.where}")
                self.account.add(f"{path.rpartition('.')[2]} {value}", Status.MAPPED, (path,))
        if server.shm_bytes is not None:
            self.account.add(f"shared memory of {server.shm_bytes} bytes", Status.NOTED, note=SHARED_MEMORY)
        gpu = find_gpu_of(server, self.catalog)
        if gpu is not None:
            self.put("system.gpu", gpu.name, "as the server's labels name it")
        elif "-cpu" in (server.image or "") or server.gpu_resource == "cpu":
            self.put("system.gpu", "cpu", "the image is one for CPUs")
            self.put("system.gpus_per_node", 1, "a CPU counts as one")
        if server.node_selector and (gpu is None or server.node_selector != gpu.node_labels):
            self.put("deploy.node_selector", dict(server.node_selector), f"from {server.where}")
            self.account.add("node selector", Status.MAPPED, ("deploy.node_selector",))

    def variants(self) -> list[Facts]:
        """Facts for everything that the server might run on, as far as nobody said what it is."""
        named = get_path(self.data, ("system", "gpu"))
        vendor = self.vendor()
        gpus: list[Gpu] = (
            [find_gpu(self.catalog, str(named))]
            if named not in (None, "auto")
            else [find_gpu(self.catalog, name) for name in GPUS[vendor]]
        )
        models = [self.facts] if self.facts is not None else [find_model(self.catalog, name) for name in STAND_INS]
        per_node = get_path(self.data, ("system", "gpus_per_node"))
        if named in (None, "auto"):
            self.found.append(
                diagnostic(
                    "AT210",
                    "no GPU is named: what depends on the GPU stays as it is, memory fractions among it",
                    path="system.gpu",
                    writer=self.writer,
                    help="name it beside the command: system.gpu=h100_sxm",
                )
            )
        return [
            Facts(
                model,
                gpu,
                per_node if isinstance(per_node, int) else gpu.gpus_per_node,
                self.engine,
                self.version.known,
            )
            for gpu in gpus
            for model in models
        ]

    def vendor(self) -> str:
        """The vendor that the image is built for; empty without an image."""
        image = self.server.image
        if image is None:
            return "amd" if self.server.gpu_resource == "amd.com/gpu" else ""
        if "rocm" in image or self.server.gpu_resource == "amd.com/gpu":
            return "amd"
        return "nvidia"

    def take_apart(self, target: Target) -> tuple[dict[str, Any], set[str]]:
        """The arguments that the lowered task has to give again, without those that are decided otherwise."""
        values = target.values
        out: set[str] = set()
        for name in list(values):
            if name == "--host":
                self.account.add(
                    target.arguments.written[name],
                    Status.NOTED,
                    note="who runs the server sets it: all addresses in a container, loopback on this machine",
                )
                out.add(name)
            elif not name.startswith((ENV, FILE)) and any(
                holds_secret(name.partition(KEY)[0], str(item)) for item in _several(values[name])
            ):
                self.account.add(
                    f"{name.partition(KEY)[0]} (hidden)",
                    Status.LEFT_OUT,
                    note="a secret is not copied; set it where the server runs",
                )
                out.add(name)
        for name in out:
            values.pop(name)
        self.take_port(target, values)
        self.take_names(target, values)
        return values, out

    def take_port(self, target: Target, values: dict[str, Any]) -> None:
        """deploy.port: as said, else the engine's own."""
        port = values.get("--port")
        if isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65535:
            self.put("deploy.port", port, f"from `{target.arguments.written['--port']}`")
        elif port is not None:
            values.pop("--port")
            self.account.add(
                target.arguments.written["--port"], Status.LEFT_OUT, note="that is no port number: add deploy.port=..."
            )
        elif PORTS[self.engine] != 8000:
            self.put("deploy.port", PORTS[self.engine], f"{self.engine} listens there unless told otherwise")

    def take_names(self, target: Target, values: dict[str, Any]) -> None:
        """model.served_name and model.aliases; without them the name that the engine would take."""
        flag = next((name for name in _NAME_FLAGS if name in values), None)
        if flag is not None:
            names = [str(item) for item in _several(values[flag])]
            if self.engine == "vllm" and len(names) == 1 and "," in names[0]:
                names = [item.strip() for item in names[0].split(",")]
                values[flag] = tuple(names)
            identity = get_path(self.data, ("model", "id"))
            if names[:1] != [identity] or names[1:]:
                self.put("model.served_name", names[0], f"from `{target.arguments.written[flag]}`")
            if names[1:]:
                self.put("model.aliases", names[1:], f"from `{target.arguments.written[flag]}`")
        elif (
            target.model is not None
            and self.engine != "transformers"
            and target.model != get_path(self.data, ("model", "id"))
            and "$" not in target.model
        ):
            self.put("model.served_name", target.model, "the name that the engine gives it")

    def invert(
        self, target: Target, values: dict[str, Any], variants: Sequence[Facts], env: Mapping[str, str]
    ) -> tuple[Inverter, dict[str, Any], bool]:
        """Read the table backwards. A JSON flag or a file of which a part has no path is kept whole, and the rest read anew."""
        kept: set[str] = set()
        start = copy_tree(self.data)
        while True:
            inverter = Inverter(
                ENGINES[self.engine],
                self.known,
                variants,
                values,
                copy_tree(start),
                frozenset(self.given),
                frozenset(kept),
            )
            inverter.run()
            rest = inverter.unmatched()
            more = {
                name.partition(KEY)[0]
                for name in rest
                if KEY in name
                and any(other.startswith(name.partition(KEY)[0] + KEY) for other in values if other not in rest)
            } - kept
            if any(name.startswith(FILE) for name in rest) and FILE not in kept:
                keys = [name.removeprefix(FILE) for name in rest if name.startswith(FILE)]
                self.account.add(
                    f"{', '.join(keys)} in {target.file}",
                    Status.LEFT_OUT,
                    (f"misc.extra_args.{_file_flag(self.known)}",),
                    "a task has no path for it, so the file stays as it is: it must lie at that path where the server runs",
                )
                again = read_target(self.engine, self.command.words, env, {}, self.known)
                for name in list(values):
                    if name not in again.values:
                        values.pop(name)
                values |= {name: item for name, item in again.values.items() if name in _CONFIG}
                target.arguments.written |= again.arguments.written
                more.add(FILE)
            if not more:
                return inverter, values, FILE in kept
            kept |= more

    def write_paths(self, inverter: Inverter, target: Target) -> set[str]:
        """Comments and the account of what was found."""
        done: set[str] = set()
        for path, names in inverter.paths.items():
            said = list(dict.fromkeys(_said(name, target) for name in names))
            self.comments[path] = f"from `{' '.join(said)}`"
            for text in said:
                if _VARIABLE.search(text):
                    self.account.add(text, Status.LEFT_OUT, (path,), NOT_FILLED)
                else:
                    self.account.add(text, Status.MAPPED, (path,))
            done |= set(names)
        for name in inverter.target:
            if name in done or name in inverter.unmatched():
                continue
            path = {"--port": "deploy.port"}.get(name, "model.served_name" if name in _NAME_FLAGS else "")
            note = "" if path else "every server of autotune has it"
            self.account.add(
                _said(name, target), Status.MAPPED if path else Status.NOTED, (path,) if path else (), note
            )
        return done

    def write_rest(self, inverter: Inverter, target: Target, values: Mapping[str, Any]) -> None:
        """What no path gives stays as it is, in misc.extra_args and misc.env."""
        objects: dict[str, dict[str, Any]] = {}
        for name in inverter.unmatched():
            said = _said(name, target)
            if overridden := self.decided(name):
                self.account.add(
                    said, Status.LEFT_OUT, (overridden,), f"{overridden} is said beside the command, and wins"
                )
                continue
            if name.startswith(ENV):
                self.keep(f"misc.env.{name.removeprefix(ENV)}", values[name], said)
            elif KEY in name:
                flag, _, key = name.partition(KEY)
                objects.setdefault(flag, {})[key] = values[name]
            else:
                self.keep(f"misc.extra_args.{name}", _extra(values[name], name, self.known), said)
        for flag, entries in objects.items():
            self.keep(f"misc.extra_args.{flag}", entries, target.arguments.written[f"{flag}{KEY}{next(iter(entries))}"])

    def keep(self, path: str, value: Any, said: str) -> None:
        """One verbatim flag or variable, if the schema can hold it."""
        data = copy_tree(self.data)
        set_path(data, split_path(path), value)
        texts = json.dumps(value, ensure_ascii=False)
        reason = ""
        if "${" in texts or (path in self.given):
            reason = "a task cannot hold `${`: write the value itself"
        else:
            try:
                Config.model_validate(data)
            except ValueError:
                reason = "a task cannot hold it: the name is not one of a flag or variable"
        if reason:
            self.account.add(said, Status.REFUSED, (), reason)
            return
        self.data = data
        self.comments[path] = f"`{said}`" if said.partition(" ")[0] != path.rpartition(".")[2] else ""
        if _VARIABLE.search(texts):
            self.account.add(said, Status.LEFT_OUT, (path,), NOT_FILLED)
        else:
            self.account.add(said, Status.KEPT, (path,))

    def decided(self, name: str) -> str | None:
        """The path that the user decided and that would write this argument."""
        from autotune.importing.tables import TABLES

        flag = name.partition(KEY)[0]
        for row in TABLES[self.engine].rows:
            if row.path in self.given and row.holds_for(self.version.known):
                names = {item.flag.name for text in (row.flag, row.off) if text and (item := self.known.find(text))}
                if flag in names or name in (f"{ENV}{row.env}", f"{FILE}{row.key}"):
                    return row.path
        return "deploy.port" if name == "--port" and "deploy.port" in self.given else None

    def verify(self, inverter: Inverter, target: Target, values: dict[str, Any]) -> tuple[str, ...]:
        """Lower the whole once more; what does not come back is refused. Gives the flags that come beside them."""
        added: dict[str, None] = {}
        gone: dict[str, str] = {}
        decided = {name for name in values if self.decided(name)}
        for facts in inverter.variants:
            done = inverter.lower(self.data, facts)
            assert done is not None
            lowered = inverter.values(done[1])
            why = {item.path or "": item for item in done[1].diagnostics}
            for name, value in values.items():
                if name in decided or (name in lowered and same(lowered[name], value)):
                    continue
                finding = why.get(f"misc.extra_args.{name.partition(KEY)[0]}") or why.get(
                    f"misc.env.{name.removeprefix(ENV)}"
                )
                gone[name] = (
                    f"{finding.message}{'; ' + finding.help if finding.help else ''}"
                    if finding
                    else target.arguments.wrong.get(name, "it does not come back when the task is compiled")
                )
            added |= {name: None for name in lowered if name not in values and not name.startswith((ENV, FILE))}
        for name in decided:
            values.pop(name)
        wrong = target.arguments.wrong
        gone |= {word: wrong[word] for word in wrong if word not in values and not word.startswith("-")}
        for name, reason in gone.items():
            said = _said(name, target)
            self.account.parts = [part for part in self.account.parts if part.said != hide_secrets(said)]
            self.account.add(said, Status.REFUSED, (), reason)
        return tuple(added)

    def count_gpus(self, facts: Facts) -> None:
        """system.image where it is not the engine's own, and as many nodes as the parallel sizes take."""
        config = Config.model_validate(self.data)
        deployment = ENGINES[self.engine].lower(config, facts).deployment
        image = self.server.image
        if image is not None:
            if deployment.image != image:
                self.put("system.image", image, "as it was")
            paths = ("system.image",) if deployment.image != image else ("system.backend_version",)
            self.account.add(f"image {image}", Status.MAPPED, paths)
        room = facts.gpus_per_node * config.system.nodes
        if deployment.gpus > room and "system.nodes" not in self.given:
            nodes = ceil(deployment.gpus / facts.gpus_per_node)
            self.put(
                "system.nodes", nodes, f"{deployment.gpus} GPUs are more than a node of {facts.gpus_per_node} holds"
            )
        asked = self.server.gpus
        if asked is not None:
            each = ceil(deployment.gpus / (self.server.nodes or 1))
            note = (
                "" if asked == each else f"the parallel sizes take {each}, and a task asks for no more than they take"
            )
            self.account.add(
                f"{asked} GPUs",
                Status.MAPPED if asked == each else Status.LEFT_OUT,
                ("parallel.tp",) if asked == each else (),
                note,
            )

    def note_arguments(self, target: Target, written: Iterable[str], out: Iterable[str]) -> None:
        """What was learnt while reading the command."""
        del written, out
        for note in target.arguments.notes:
            self.account.add(note, Status.NOTED, note="read as the engine's parser would")
        if target.missing is not None:
            self.account.add(
                f"the file {target.missing}",
                Status.LEFT_OUT,
                (f"misc.extra_args.{_file_flag(self.known)}",),
                "it was not there to be read, and stays a path: it must lie there where the server runs",
            )

    def settings(self) -> tuple[Setting, ...]:
        """In the order of the schema, each with its comment."""
        ranks = {path: index for index, path in enumerate(field_paths())}
        found: list[tuple[int, Setting]] = []
        for path, comment in self.comments.items():
            keys = split_path(path)
            value = get_path(self.data, keys)
            rank = ranks.get(path, ranks.get(".".join(keys[:2]), len(ranks)))
            found.append((rank, Setting(keys, value, hide_secrets(comment))))
        return tuple(item for _, item in sorted(found, key=lambda pair: pair[0]))

    def findings(self) -> list[Diagnostic]:
        """What a person has to know: AT043 and AT117 one by one, AT210 in one line."""
        parts = self.account.parts
        found = [
            self._finding(
                "AT043", part, "mend the command, or name the version that it is for: system.backend_version=..."
            )
            for part in parts
            if part.status is Status.REFUSED
        ]
        found += [self._finding("AT117", part, None) for part in parts if part.status is Status.LEFT_OUT]
        kept = [
            part.said.partition(" ")[0].partition("=")[0] if part.said.startswith("-") else part.said.partition("=")[0]
            for part in parts
            if part.status is Status.KEPT
        ]
        if kept:
            listed = ", ".join(kept)
            found.append(
                diagnostic(
                    "AT210",
                    f"{len(kept)} kept as written, because no config path means the same here: {listed}",
                    path="misc.extra_args",
                    writer=self.writer,
                    help="profiles and checks do not see what is kept so",
                )
            )
        return found

    def _finding(self, code: str, part: Part, advice: str | None) -> Diagnostic:
        path = part.targets[0] if part.targets else None
        return diagnostic(code, f"{part.said}: {part.note}", path=path, writer=self.writer, help=advice)


_CONFIG = ("--config", "--extra_llm_api_options")


def _file_flag(known: KnownFlags) -> str:
    return next((name for name in _CONFIG if name in known.flags), _CONFIG[0])


def _several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _said(name: str, target: Target) -> str:
    """An argument as it was written."""
    if name.startswith(ENV):
        key = name.removeprefix(ENV)
        return f"env {key}={target.env.get(key, '')}"
    return target.arguments.written.get(name, name)


def _extra(value: Any, name: str, known: KnownFlags) -> Any:
    """A value as misc.extra_args holds it: what is no plain value is the JSON text of it."""
    spelling = known.find(name)
    if spelling is None and isinstance(value, tuple) and len(value) == 1:
        return value[0]
    if isinstance(value, tuple):
        return [item if isinstance(item, bool | int | float | str) else json.dumps(item) for item in value]
    if spelling is not None and spelling.flag.kind == "json" and not isinstance(value, dict | bool | str):
        return json.dumps(value)
    return value
