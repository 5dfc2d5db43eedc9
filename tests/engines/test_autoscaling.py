import pytest

from autotune.engines import ENGINES
from autotune.engines.autoscaling import autoscale_findings, autoscaling
from autotune.engines.deployment import Autoscaling
from autotune.engines.exposition import shows_metrics
from tests.engines.samples import DENSE, config, facts

PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"


def asked(replicas=1, **autoscale):
    return config(DENSE, deploy={"replicas": replicas, "autoscale": autoscale})


def paths(made):
    found = list(autoscale_findings(made.deploy))
    assert {item.code for item in found} <= {"AT041"}
    assert all(item.help for item in found)
    return [item.path.removeprefix("deploy.") for item in found]


@pytest.mark.parametrize(
    ("autoscale", "wrong"),
    [
        ({}, []),
        ({"queued_requests": 3}, []),
        ({"kind": "hpa", "max_replicas": 4}, []),
        ({"kind": "hpa", "max_replicas": 1}, []),
        ({"kind": "keda", "max_replicas": 4, "prometheus": PROMETHEUS}, []),
        ({"kind": "hpa"}, ["autoscale.kind"]),
        ({"kind": "keda", "max_replicas": 4}, ["autoscale.kind"]),
        ({"kind": "keda"}, ["autoscale.kind", "autoscale.kind"]),
        ({"kind": "hpa", "min_replicas": 5, "max_replicas": 4}, ["autoscale.max_replicas"]),
        ({"kind": "hpa", "max_replicas": 4, "replicas": 6}, ["autoscale.max_replicas"]),
        ({"kind": "hpa", "max_replicas": 4, "replicas": 0}, ["replicas"]),
        ({"kind": "hpa", "max_replicas": 4, "min_replicas": 2, "replicas": 0}, []),
        ({"max_replicas": 4}, ["autoscale.max_replicas"]),
        ({"min_replicas": 4, "prometheus": PROMETHEUS}, ["autoscale.min_replicas", "autoscale.prometheus"]),
    ],
)
def test_settings_that_do_not_go_together_are_named(autoscale, wrong):
    assert paths(asked(**autoscale)) == wrong


def test_nothing_counts_unless_a_kind_is_chosen():
    assert autoscaling(asked()) is None


def test_the_fewest_are_the_replicas_unless_said_otherwise():
    made = asked(replicas=2, kind="hpa", max_replicas=6)
    assert autoscaling(made) == Autoscaling("hpa", 2, 6, 5)
    made = asked(replicas=2, kind="keda", min_replicas=1, max_replicas=6, queued_requests=9, prometheus=PROMETHEUS)
    assert autoscaling(made) == Autoscaling("keda", 1, 6, 9, PROMETHEUS)


def lower(engine, version, **deploy):
    return ENGINES[engine].lower(config(DENSE, deploy=deploy), facts(engine=engine, version=version))


@pytest.mark.parametrize("deploy", [{"monitor": True}, {"autoscale": {"kind": "hpa", "max_replicas": 2}}])
@pytest.mark.parametrize(
    ("engine", "version", "shown"),
    [
        ("vllm", "0.33.0", True),
        ("sglang", "0.5.23", True),
        ("trtllm", "1.3.0rc7", True),
        # Not among the keys that were read of this version: it is not guessed.
        ("trtllm", "1.2.0", False),
        ("transformers", "5.23.0", False),
    ],
)
def test_an_engine_is_told_to_show_its_metrics_where_they_are_asked_for(engine, version, shown, deploy):
    lowered = lower(engine, version, **deploy)
    assert shows_metrics(lowered.deployment) is shown
    assert not [item for item in lowered.diagnostics if item.severity == "error"]


def test_nothing_is_told_to_an_engine_that_is_not_asked():
    assert "--enable-metrics" not in lower("sglang", "0.5.23").deployment.argv
    assert "--enable-metrics" in lower("sglang", "0.5.23", monitor=True).deployment.argv
    assert "return_perf_metrics: true\n" in lower("trtllm", "1.3.0rc7", monitor=True).deployment.files.popitem()[1]


def test_a_budget_that_lets_nothing_go_is_pointed_out():
    found = lower("vllm", "0.33.0", disruption_budget=0).diagnostics
    assert [item.code for item in found if item.severity == "warning"] == ["AT116"]
    assert lower("vllm", "0.33.0", disruption_budget=0).deployment.disruption_budget == 0
