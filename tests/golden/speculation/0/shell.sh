#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-deepseek-v3-773692fe11
# engine: vllm 0.33.0
# model: deepseek-ai/DeepSeek-V3
# served name: deepseek-ai/DeepSeek-V3
# GPUs: 8 x h200_sxm
# autotune/layers: low_latency/batch,low_latency/schedule,low_latency/preset,low_latency/spread,low_latency/speculate
# autotune/model: deepseek-ai/DeepSeek-V3
# autotune/point: 2f8308b6b2
# autotune/profiles: low_latency
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec \
  vllm \
  serve \
  deepseek-ai/DeepSeek-V3 \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --served-model-name \
  deepseek-ai/DeepSeek-V3 \
  --tensor-parallel-size \
  8 \
  --enable-prefix-caching \
  --max-num-seqs \
  64 \
  --max-num-batched-tokens \
  2048 \
  --performance-mode \
  interactivity \
  --enable-chunked-prefill \
  --async-scheduling \
  --speculative-config \
  '{"method":"mtp","num_speculative_tokens":1}'
