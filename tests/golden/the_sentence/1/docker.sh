#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-qwen3-8b-0564f1d4e2
# engine: vllm 0.33.0
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: 4 x h100_sxm
# autotune/config-hash: 818b98a03a
# autotune/layers: fp8_quantized/weights,fp8_quantized/kv
# autotune/model: Qwen/Qwen3-8B
# autotune/point: fbfdc05670
# autotune/profiles: fp8_quantized
# autotune/version: 0.1.0
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name vllm-qwen3-8b-0564f1d4e2 \
  --gpus 4 \
  --shm-size 8g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=vllm-qwen3-8b-0564f1d4e2 \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label app.kubernetes.io/version=0.33.0 \
  --label autotune/config-hash=818b98a03a \
  --label 'autotune/emitted={"image":"vllm/vllm-openai:v0.33.0","flags":{"":"793d3442","--host":"1858fda5","--port":"5c752f98","--served-model-name":"d41f3b45","--tensor-parallel-size":"faf3e108","--quantization":"7c67a368","--kv-cache-dtype":"998b868f"},"env":{},"files":{}}' \
  --label autotune/engine=vllm \
  --label autotune/gpu=h100_sxm \
  --label autotune/layers=fp8_quantized/weights,fp8_quantized/kv \
  --label autotune/model=Qwen3-8B \
  --label autotune/point=fbfdc05670 \
  --label autotune/profiles=fp8_quantized \
  --label 'autotune/set-by={"parallel.tp":[4,"override parallel.tp=2,4"],"quantization.gemm_mode":["fp8","profiles/fp8_quantized.yaml, layer `weights`"],"quantization.kvcache_mode":["fp8_e4m3","profiles/fp8_quantized.yaml, layer `kv`"]}' \
  --entrypoint vllm \
  vllm/vllm-openai:v0.33.0 \
  serve \
  Qwen/Qwen3-8B \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --served-model-name \
  Qwen/Qwen3-8B \
  --tensor-parallel-size \
  4 \
  --quantization \
  fp8 \
  --kv-cache-dtype \
  fp8_e4m3
