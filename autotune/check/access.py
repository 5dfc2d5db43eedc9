"""What the config gives away, and what it lets in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic, holds_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

_HELP = "take it out: deploy.hf_token_secret references a Kubernetes Secret; on this machine set it in the shell or in executor.env"


def check_secrets(config: Config, facts: Facts) -> Iterator[Diagnostic]:  # noqa: ARG001 - the shape of every check
    """AT108: a value in misc.env or misc.extra_args that looks like a token. The value itself is never printed."""
    for group, entries in (("misc.env", config.misc.env), ("misc.extra_args", config.misc.extra_args)):
        for name, value in entries.items():
            texts = value if isinstance(value, list) else [value]
            if any(isinstance(text, str) and holds_secret(name, text) for text in texts):
                path = f"{group}.{name}"
                yield diagnostic(
                    "AT108",
                    f"{path} looks like a secret, and would stand in manifests and results",
                    path=path,
                    help=_HELP,
                )


def check_gated(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT206: the Hub wants a login for the model, and nothing says where the token comes from."""
    deploy = config.deploy
    local = config.model.path is not None or deploy.pvc is not None or deploy.host_path is not None
    if facts.model.gated and not local and deploy.hf_token_secret is None and "HF_TOKEN" not in config.misc.env:
        yield diagnostic(
            "AT206",
            f"the Hub asks for a login before it hands out `{facts.model.id}`",
            path="model.id",
            help="in a cluster set deploy.hf_token_secret; on this machine export HF_TOKEN, or name a folder in model.path",
        )


def check_remote_code(config: Config, facts: Facts) -> Iterator[Diagnostic]:  # noqa: ARG001 - the shape of every check
    """AT207: code from the model's repository runs on the server, and its revision is not fixed."""
    model = config.model
    if (
        config.misc.trust_remote_code
        and model.revision is None
        and model.path is None
        and not model.id.startswith((".", "/", "~"))
    ):
        yield diagnostic(
            "AT207",
            f"misc.trust_remote_code runs whatever code `{model.id}` holds when the server starts",
            path="misc.trust_remote_code",
            help="pin model.revision to a commit that was read",
        )
