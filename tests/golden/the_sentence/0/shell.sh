#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-qwen3-8b-ba5ebb0e6d
# engine: vllm 0.33.0
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: 2 x h100_sxm
# autotune/config-hash: cc071f7f4e
# autotune/layers: fp8_quantized/weights,fp8_quantized/kv
# autotune/model: Qwen/Qwen3-8B
# autotune/point: 441a9f39ec
# autotune/profiles: fp8_quantized
# autotune/version: 0.1.0
# autotune/emitted: {"image":"vllm/vllm-openai:v0.33.0","flags":{"":"793d3442","--host":"1858fda5","--port":"5c752f98","--served-model-name":"d41f3b45","--tensor-parallel-size":"aca9468e","--quantization":"7c67a368","--kv-cache-dtype":"998b868f"},"env":{},"files":{}}
# autotune/set-by: {"parallel.tp":[2,"override parallel.tp=2,4"],"quantization.gemm_mode":["fp8","profiles/fp8_quantized.yaml, layer `weights`"],"quantization.kvcache_mode":["fp8_e4m3","profiles/fp8_quantized.yaml, layer `kv`"]}
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec \
  vllm \
  serve \
  Qwen/Qwen3-8B \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --served-model-name \
  Qwen/Qwen3-8B \
  --tensor-parallel-size \
  2 \
  --quantization \
  fp8 \
  --kv-cache-dtype \
  fp8_e4m3
