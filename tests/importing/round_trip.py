"""A config lowered, found again as a stranger's server, and imported: what comes out must be the same server."""

from autotune.catalog import builtin_catalog
from autotune.engines import ENGINES, Facts
from autotune.engines.known import known_flags
from autotune.importing.config import to_settings
from autotune.importing.found_server import FoundServer
from autotune.importing.imported import Status
from autotune.layers import set_path
from autotune.schema import Config
from tests.engines.command_line import HEADS, read

CATALOG = builtin_catalog()


def found(deployment):
    """What a stranger sees of it: the command, the environment, the files."""
    return FoundServer("a test", argv=deployment.argv, env=deployment.env, files=deployment.files)


def taken_apart(deployment):
    """The command line as the tests of the engines read it, which knows nothing of how imports do."""
    known = known_flags(deployment.engine, deployment.engine_version)
    head = HEADS[deployment.engine]
    if deployment.engine == "transformers" and "--force-model" in known.flags:
        head = 2
    flags = {
        (spelling.flag.name, spelling.negative, name.partition(".")[2]): values
        for name, (spelling, values) in read(deployment.argv[head:], known).items()
    }
    return deployment.argv[:head], flags, deployment.env, deployment.files


def imported_again(deployment, facts, **given):
    """The import, and the server that its settings lower to."""
    imported = to_settings(
        found(deployment),
        CATALOG,
        given={"system.gpu": facts.gpu.name, "system.backend_version": facts.engine_version, **given},
    )
    data = {}
    for setting in imported.settings:
        set_path(data, setting.path, setting.value)
    again = ENGINES[facts.engine].lower(Config.model_validate(data), facts)
    return imported, again.deployment


def facts_for(engine, model, gpu, version):
    return Facts(CATALOG.models[model], CATALOG.gpus[gpu], CATALOG.gpus[gpu].gpus_per_node, engine, version)


def refused(imported):
    return [part for part in imported.parts if part.status in (Status.REFUSED, Status.LEFT_OUT)]
