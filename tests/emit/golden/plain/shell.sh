#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: qwen3-8b-vllm-3f2a9c11d0
# engine: vllm 0.33.0
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: 2 x h100_sxm
# autotune/overrides: parallel.tp=2 +profile=fp8_quantized
# autotune/emitted: {"image":"vllm/vllm-openai:v0.33.0","flags":{"":"793d3442","--host":"1858fda5","--port":"5c752f98","--tensor-parallel-size":"aca9468e"},"env":{"VLLM_LOGGING_LEVEL":"fd1cdce3"},"files":{}}
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

export VLLM_LOGGING_LEVEL=INFO

exec \
  vllm \
  serve \
  Qwen/Qwen3-8B \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --tensor-parallel-size \
  2
