#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-qwen3-32b-a3746fe8ba
# engine: vllm 0.33.0
# model: Qwen/Qwen3-32B
# served name: Qwen/Qwen3-32B
# GPUs: 2 x h100_sxm
# autotune/layers: high_throughput/batch_large_gpu,high_throughput/overlap,high_throughput/memory,high_throughput/preset,fp8_quantized/weights,fp8_quantized/kv
# autotune/model: Qwen/Qwen3-32B
# autotune/point: 5c44fb5278
# autotune/profiles: high_throughput,fp8_quantized
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec \
  vllm \
  serve \
  Qwen/Qwen3-32B \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --served-model-name \
  Qwen/Qwen3-32B \
  --tensor-parallel-size \
  2 \
  --quantization \
  fp8 \
  --kv-cache-dtype \
  fp8_e4m3 \
  --gpu-memory-utilization \
  0.922 \
  --block-size \
  16 \
  --enable-prefix-caching \
  --max-num-seqs \
  512 \
  --max-num-batched-tokens \
  16384 \
  --performance-mode \
  throughput \
  --enable-chunked-prefill \
  --async-scheduling
