import csv
import io
import json
import math
import subprocess
import sys

import pytest

from autotune.store import Failure
from autotune.store.columns import result_columns
from autotune.store.export import to_csv, to_json, to_json_lines
from autotune.store.parquet import to_parquet
from tests.store.test_store import result

RESULTS = [
    result(config={"parallel": {"tp": 2, "pp": None}, "misc": {"dtype": "auto", "trust_remote_code": True, "sizes": [1, 2]}}),
    result("p2", status="failed", best=None, measurements=(), predictions=(), score=None,
           failure=Failure("killed", 'm, "n"\nø'), config={"parallel": {"tp": 4}, "misc": {"dtype": 16, "trust_remote_code": False}}),
]  # fmt: skip


def test_json_has_the_keys_that_others_script_against():
    rows = json.loads(to_json(RESULTS))
    assert {"run_id", "point_id", "status", "kind", "config", "metrics", "failure"} <= set(rows[0])
    assert rows[0]["metrics"]["request_rate"] == 2.5
    assert rows[0]["predicted"][0]["predictor"] == "roofline"
    assert rows[1]["metrics"] is None
    assert rows[1]["failure"]["kind"] == "killed"
    assert [json.loads(line) for line in to_json_lines(RESULTS).splitlines()] == rows


def test_csv_has_measured_and_predicted_side_by_side():
    first, second = csv.DictReader(io.StringIO(to_csv(RESULTS)))
    assert (first["metrics.ttft_ms.mean"], first["predicted.ttft_ms.mean"]) == ("10.0", "8.0")
    assert (first["predicted.predictor"], first["config.parallel.tp"]) == ("roofline", "2")
    assert (second["failure.message"], second["metrics.ttft_ms.mean"], second["score"]) == ('m, "n"\nø', "", "")
    head = to_csv(RESULTS).splitlines()[0]
    assert head.startswith("run_id,point_id,status,kind,score,failure.kind,failure.message,config.misc.dtype,")
    assert to_csv([]) == "run_id,point_id,status,kind,score,failure.kind,failure.message\n"


def test_no_cell_is_a_number_that_is_none():
    names, rows = result_columns([result(score=math.nan)])
    assert "nan" not in str(rows)
    assert "metrics.output_tokens_per_s" not in names


def test_parquet_has_the_columns_of_the_csv_with_types():
    pytest.importorskip("pyarrow", reason="pyarrow (llm-autotune[parquet]) is not installed")
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(to_parquet(RESULTS)))
    assert table.column_names == to_csv(RESULTS).splitlines()[0].split(",")
    types = {field.name: str(field.type) for field in table.schema}
    assert types["config.parallel.tp"] == "int64"
    assert types["config.misc.trust_remote_code"] == "bool"
    assert types["config.misc.dtype"] == "string"  # "auto" and 16
    assert types["metrics.ttft_ms.mean"] == types["score"] == "double"
    assert table.to_pylist()[0]["config.misc.dtype"] == "auto"
    assert table.to_pylist()[1]["failure.message"] == 'm, "n"\nø'
    assert table.to_pylist()[1]["metrics.ttft_ms.mean"] is None
    empty = parquet.read_table(io.BytesIO(to_parquet([])))
    assert (empty.num_rows, len(empty.column_names)) == (0, 7)


def test_parquet_without_pyarrow_says_what_to_install():
    code = (
        "import sys; sys.modules['pyarrow'] = None\nfrom autotune.store.parquet import to_parquet\n"
        "from autotune.diagnostics import InputError\n"
        "try: to_parquet([])\nexcept InputError as error: print(error, error.diagnostics[0].help)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("AT030: --format parquet needs the Python package `pyarrow`")
    assert "llm-autotune[parquet]" in done.stdout
