#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-qwen3-30b-a3b-5d85b1ff8b
# engine: vllm 0.33.0
# model: Qwen/Qwen3-30B-A3B
# served name: Qwen/Qwen3-30B-A3B
# GPUs: 4 x h100_sxm
# autotune/layers: moe/experts_4,moe/batch,memory_optimized/batch,memory_optimized/graphs,memory_optimized/kv
# autotune/model: Qwen/Qwen3-30B-A3B
# autotune/point: d340ea92e9
# autotune/profiles: moe,memory_optimized
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec \
  vllm \
  serve \
  Qwen/Qwen3-30B-A3B \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --served-model-name \
  Qwen/Qwen3-30B-A3B \
  --tensor-parallel-size \
  4 \
  --enable-expert-parallel \
  --kv-cache-dtype \
  fp8_e4m3 \
  --enable-prefix-caching \
  --max-num-seqs \
  64 \
  --max-num-batched-tokens \
  2048 \
  --enable-chunked-prefill \
  --cudagraph-capture-sizes \
  1 \
  2 \
  4 \
  8 \
  16 \
  32 \
  64
