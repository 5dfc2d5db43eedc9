#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-qwen3-8b-0e2b9544ac
# engine: vllm 0.33.0
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: 2 x a100_sxm
# autotune/config-hash: 8d4310da20
# autotune/model: Qwen/Qwen3-8B
# autotune/point: 3c00680920
# autotune/profiles: fp8_quantized
# autotune/version: 0.1.0
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name vllm-qwen3-8b-0e2b9544ac \
  --gpus 2 \
  --shm-size 4g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=vllm-qwen3-8b-0e2b9544ac \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label app.kubernetes.io/version=0.33.0 \
  --label autotune/config-hash=8d4310da20 \
  --label 'autotune/emitted={"image":"vllm/vllm-openai:v0.33.0","flags":{"":"793d3442","--host":"1858fda5","--port":"5c752f98","--served-model-name":"d41f3b45","--tensor-parallel-size":"aca9468e"},"env":{},"files":{}}' \
  --label autotune/engine=vllm \
  --label autotune/gpu=a100_sxm \
  --label autotune/model=Qwen3-8B \
  --label autotune/point=3c00680920 \
  --label autotune/profiles=fp8_quantized \
  --label 'autotune/set-by={"parallel.tp":[2,"override parallel.tp=2"],"system.gpu":["a100_sxm","override system.gpu=a100_sxm"]}' \
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
  2
