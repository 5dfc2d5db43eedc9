"""Folders that aiconfigurator 0.12.0 really wrote (data/aiconfigurator/README.md) as tasks with its claims in them."""

import functools
import re
import shlex
from pathlib import Path

import pytest
import yaml

import autotune
from autotune.catalog import builtin_catalog
from autotune.claims import read_claims
from autotune.importing.aiconfigurator import Choice, claim_of, read_experiments, to_searches, to_tasks, workers_of
from autotune.importing.config import to_settings

DATA = Path(__file__).parent / "data" / "aiconfigurator"
VLLM, SGLANG, TRTLLM = (
    next(DATA.glob(f"*_{engine}_*")) for engine in ("vllm", "sglang", "trtllm")
)  # fmt: skip


def texts(folder):
    return {
        path.relative_to(folder.parent).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def tasks_of(files):
    catalog = builtin_catalog()
    return to_tasks(read_experiments(files), lambda server, given: to_settings(server, catalog, given=given))


@functools.cache
def tasks_in(folder):
    return tasks_of(texts(folder))


def task_of(folder, name):
    tasks, _ = tasks_in(folder)
    return next(task for task in tasks if task.name == name)


def compiled(task, tmp_path):
    file = tmp_path / f"{task.name}.yaml"
    file.write_text(task.text)
    return autotune.compile(task=file)


def choice(**row):
    base = {
        "isl": "4000", "osl": "500", "concurrency": "64", "ttft": "324.297", "tpot": "27.846", "request_latency": "14219.514",
        "seq/s": "4.501", "num_total_gpus": "4", "backend": "vllm", "system": "h200_sxm", "version": "0.24.0",
    }  # fmt: skip
    return Choice(1, base | row)


def test_the_claim_is_in_the_units_of_a_measurement():
    claim = claim_of(choice())
    assert claim.kind == "predicted"
    assert claim.load.label == "D(4000,500) c=64"
    assert claim.ttft_ms == {"mean": 324.297}
    assert claim.tpot_ms == {"mean": 27.846}
    # The file says 2245.9 tokens/s, which counts 499 of 500 tokens.
    assert claim.output_tokens_per_s == pytest.approx(4.501 * 500)
    assert claim.output_tokens_per_s_per_gpu == pytest.approx(4.501 * 500 / 4)
    assert claim.output_tokens_per_s_per_user == pytest.approx(1000 / 27.846, abs=1e-3)


def test_a_tpot_that_includes_the_ttft_is_told_and_undone():
    # aiconfigurator cli default --inclusive-tpot, Qwen3-30B-A3B on 4 x h100_sxm: as saved.
    saved = choice(isl="2000", osl="300", ttft="173.448", tpot="24.38155", request_latency="7314.555")
    assert claim_of(saved).tpot_ms["mean"] == pytest.approx((7314.555 - 173.448) / 299, abs=1e-3)


@pytest.mark.parametrize(
    ("column", "value", "said"), [("ttft", "", "no column 'ttft'"), ("seq/s", "fast", "is 'fast'")]
)
def test_a_column_that_is_no_number_is_named(column, value, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        claim_of(choice(**{column: value}))


def test_what_the_configs_share_is_said_once_and_the_rest_is_tied():
    task = task_of(VLLM, "agg-vllm")
    data = yaml.safe_load(task.text)
    assert task.points == 3
    assert data["model"] == {"id": "Qwen/Qwen3-32B"}
    assert data["runtime"] == {"isl": 4000, "osl": 500, "ttft_target": 1000.0, "tpot_target": 30.0}
    assert data["scheduling"] == {"max_running_requests": 512, "max_batched_tokens": 6012}
    names = "parallel.tp,benchmark.num_concurrency,benchmark.max_requests,benchmark.warmup"
    assert data["sweep"] == {names: [[4, [64], 1280, 128], [2, [32], 640, 64], [8, [112], 2240, 224]]}


def test_every_claim_finds_its_point(tmp_path):
    for folder, name in ((VLLM, "agg-vllm"), (SGLANG, "agg-sglang"), (TRTLLM, "agg-trtllm"), (SGLANG, "disagg-sglang")):
        task = task_of(folder, name)
        claims = read_claims(yaml.safe_load(task.text))
        assert claims.by == "aiconfigurator"
        found = [claims.about(point.config.as_dict()) for point in compiled(task, tmp_path)]
        assert [len(items) for items in found] == [1] * task.points
        assert [item.load for (item,) in found] == [claim.measurement.load for claim in claims.claims]


def flags_of(words):
    """Flags with their values, whatever their order and spelling of dashes."""
    found, name = {}, None
    for word in words:
        if word.startswith("--"):
            name = word
            found[name] = ()
        elif name is not None:
            found[name] += (word,)
    return found


@pytest.mark.parametrize(("folder", "engine"), [(VLLM, "vllm"), (SGLANG, "sglang")])
def test_the_servers_have_the_flags_that_the_tool_wrote(folder, engine, tmp_path):
    points = compiled(task_of(folder, f"agg-{engine}"), tmp_path)
    aliases = {"--tensor-parallel-size": "--tp-size", "--pipeline-parallel-size": "--pp-size", "--data-parallel-size": "--dp-size", "--expert-parallel-size": "--ep-size"}  # fmt: skip
    for rank, point in enumerate(points, 1):
        script = (folder / "agg" / f"top{rank}" / "run_0.sh").read_text()
        body = re.search(rf"-m dynamo\.{engine}(.*?)2>&1", script, re.DOTALL)[1].replace("\\\n", " ")
        wanted = {name: value for name, value in flags_of(shlex.split(body)).items() if not name.startswith(("--model", "--served", "--host"))}  # fmt: skip
        given = flags_of(point.deployment.argv)
        for name, value in wanted.items():
            known = name if name in given else aliases.get(name, name)
            # The table writes what differs from the engine's own default only, where it says so: sizes of one, `auto`.
            assert given.get(known, value) == value or known == "--max-running-requests", name
            assert known in given or value in (("1",), ("auto",)), name


def test_trtllms_file_comes_back(tmp_path):
    points = compiled(task_of(TRTLLM, "agg-trtllm"), tmp_path)
    for rank, point in enumerate(points, 1):
        wanted = yaml.safe_load((TRTLLM / "agg" / f"top{rank}" / "agg_config.yaml").read_text())
        given = yaml.safe_load(next(iter(point.deployment.files.values())))
        argv = flags_of(point.deployment.argv)
        assert given["kv_cache_config"]["free_gpu_memory_fraction"] == pytest.approx(0.8, abs=1e-3)
        assert given["cuda_graph_config"]["batch_sizes"] == sorted(set(wanted["cuda_graph_config"]["batch_sizes"]))
        assert given["enable_attention_dp"] is wanted["enable_attention_dp"]
        assert argv["--tp_size"] == (str(wanted["tensor_parallel_size"]),)
        assert argv["--max_num_tokens"] == (str(wanted["max_num_tokens"]),)


def test_roles_of_their_own_are_one_config_with_what_it_cannot_hold_named(tmp_path):
    task = task_of(SGLANG, "disagg-sglang")
    data = yaml.safe_load(task.text)
    assert data["system"]["serving_mode"] == "disagg"
    assert data["disagg"]["transfer_backend"] == "nixl"
    assert any(item.startswith("parallel.dp_attention of prefill") for item in task.left_out)
    for point, row in zip(compiled(task, tmp_path), read_experiments(texts(SGLANG))[1].choices, strict=True):
        assert point.deployment.gpus_in_all == int(row.row["num_total_gpus"])


def test_vllm_has_no_router_and_the_configs_that_need_one_are_named():
    tasks, refused = tasks_in(VLLM)
    assert [task.name for task in tasks] == ["agg-vllm"]
    (said,) = refused
    assert "vllm ships no router" in said
    assert said.endswith("(config 1)")


def test_without_its_scripts_the_sizes_are_the_rows(tmp_path):
    files = {name: text for name, text in texts(SGLANG).items() if "/top" not in name}
    tasks, refused = tasks_of(files)
    task = next(item for item in tasks if item.name == "agg-sglang")
    assert refused == []
    (first, *_) = compiled(task, tmp_path)
    assert first.deployment.gpus == 4
    assert (first.config.parallel.tp, first.config.parallel.dp, first.config.parallel.dp_attention) == (4, 4, True)


def test_two_searches_get_a_name_each():
    files = texts(VLLM) | {f"again/{name}": text for name, text in texts(VLLM).items()}
    assert [task.name for task in tasks_of(files)[0]] == ["agg-vllm", "agg-vllm-2"]


def test_what_is_not_its_making_is_refused_with_the_file():
    with pytest.raises(ValueError, match=r"generator_config\.yaml is not YAML"):
        read_experiments({"x/best_config_topn.csv": "model\nm\n", "x/top1/generator_config.yaml": "a: ["})
    assert read_experiments({"x/pareto.csv": "model\nm\n"}) == []
    with pytest.raises(ValueError, match="only encode images"):
        workers_of(choice(**{"(e)workers": "2"}), "here")
    with pytest.raises(ValueError, match="its engine is nim"):
        workers_of(choice(backend="nim"), "here")


def searches(*overrides):
    return to_searches((point.config, point.facts) for point in autotune.compile(list(overrides)))


@pytest.mark.parametrize(("folder", "name"), [(VLLM, "agg-vllm"), (SGLANG, "agg-sglang"), (TRTLLM, "agg-trtllm")])
def test_the_way_back_searches_over_what_was_chosen(folder, name, tmp_path):
    points = compiled(task_of(folder, name), tmp_path)
    (search,) = to_searches((point.config, point.facts) for point in points)[0].values()
    genuine = yaml.safe_load((folder / "agg" / "exp_config.yaml").read_text())
    assert set(search) <= set(genuine)
    same = ("serving_mode", "model_path", "system_name", "backend_name", "isl", "osl", "ttft", "tpot")
    assert {key: search[key] for key in same} == {key: genuine[key] for key in same}
    rows = [choice.row for choice in read_experiments(texts(folder))[0].choices]
    for size in ("tp", "pp", "dp", "moe_tp", "moe_ep"):
        assert search[f"agg_{size}_candidates"] == sorted({int(row[size]) for row in rows}), size
    assert search["agg_num_gpu_candidates"] == sorted({int(row["num_total_gpus"]) for row in rows})


def test_points_that_differ_in_more_than_sizes_are_searches_of_their_own():
    found, refused = searches(
        "model.id=Qwen/Qwen3-8B", "system.gpu=h100_sxm", "parallel.tp=1,2", "quantization=bf16,fp8", "system.backend=vllm,transformers"
    )  # fmt: skip
    assert [(item["gemm_quant_mode"], item["agg_tp_candidates"]) for item in found.values()] == [("bfloat16", [1, 2]), ("fp8", [1, 2])]  # fmt: skip
    assert refused == ["aiconfigurator knows vllm, sglang, trtllm, not transformers"]


def test_what_it_does_not_know_is_refused():
    assert searches("system.gpu=mi300x", "model.id=Qwen/Qwen3-8B", "parallel.tp=1") == (
        {}, ["aiconfigurator 0.12.0 knows no system mi300x"],
    )  # fmt: skip
    assert "no weights in w4a8" in searches("model.id=Qwen/Qwen3-8B", "system.gpu=h100_sxm", "quantization.gemm_mode=w4a8")[1][0]  # fmt: skip
