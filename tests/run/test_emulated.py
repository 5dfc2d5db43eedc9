import autotune
from autotune.run import Probes, run_points
from autotune.store import Store

NOTHING = Probes(command=lambda name: None, gpus=lambda: ())


def test_on_a_laptop_auto_emulates_predicted_timing_and_says_so(tmp_path):
    points = autotune.compile(
        [
            "model.id=Qwen/Qwen3-8B",
            "system.gpu=h100_sxm",
            "parallel.tp=1,2",
            "runtime.isl=200",
            "runtime.osl=50",
            "benchmark.max_requests=8",
        ]
    )
    with Store(tmp_path / "results.db") as store:
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NOTHING)
        stored = store.results()
        assert store.find_run().executor == "emulated"
    assert (summary.exit_code, summary.count("done")) == (0, 2)
    one, two = (result.measurements[0] for result in stored)
    assert {result.kind for result in stored} == {one.kind, two.kind} == {"emulated"}
    assert one.completed == two.completed == 8
    # Weights of 16.4 GB at 3.35 TB/s are 4.9 ms a token on one GPU; two read half each.
    assert 4.9 < one.tpot_ms["mean"] < 10
    assert 2.4 < two.tpot_ms["mean"] < one.tpot_ms["mean"]
