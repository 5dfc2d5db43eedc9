def test_a_false_condition_is_shown_with_what_it_read(autotune):
    out = autotune("explain", "quantization.gemm_mode", "+profile=fp8_quantized", "system.gpu=a100_sxm").out
    assert "quantization.gemm_mode is not set: the engine chooses" in out
    assert "fp8_quantized/weights (profiles/fp8_quantized.yaml:" in out
    assert "gpu.supports_fp8 = false" in out


def test_the_writer_and_what_it_overrode(autotune):
    out = autotune("explain", "scheduling.max_running_requests", "+profile=[balanced,moe,memory_optimized]").out
    assert "scheduling.max_running_requests = 64" in out
    assert "set by profiles/memory_optimized.yaml:" in out
    assert "over 256 from profiles/balanced.yaml:" in out


def test_a_pinned_value_shows_the_layer_that_lost(autotune):
    out = autotune("explain", "quantization.gemm_mode", "+profile=fp8_quantized", "quantization=bf16").out
    assert 'quantization.gemm_mode = "bf16"' in out
    assert "set by conf/quantization/bf16.yaml:" in out
    assert 'over "fp8" from profiles/fp8_quantized.yaml' in out


def test_a_whole_config_and_a_group(autotune):
    whole = autotune("explain", "+profile=balanced").out
    assert "runtime.isl = 1024\n  set by conf/runtime/chat.yaml:" in whole
    assert "applied balanced/batch" in whole
    group = autotune("explain", "parallel", "parallel.tp=2").out
    assert "parallel.tp = 2\n  set by override parallel.tp=2" in group
    assert "parallel.pp is not set" in group


def test_json(autotune):
    (entry,) = autotune("explain", "parallel.tp", "parallel.tp=2", "--format", "json").json[0]["paths"]
    assert (entry["path"], entry["value"], entry["writer"]) == ("parallel.tp", 2, "override parallel.tp=2")
