#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: qwen3-8b-vllm-3f2a9c11d0
# engine: vllm 0.33.0
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: 2 x h100_sxm
# autotune/overrides: parallel.tp=2 +profile=fp8_quantized
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name qwen3-8b-vllm-3f2a9c11d0 \
  --gpus 2 \
  --shm-size 8g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=qwen3-8b-vllm-3f2a9c11d0 \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label app.kubernetes.io/version=0.33.0 \
  --label 'autotune/emitted={"image":"vllm/vllm-openai:v0.33.0","flags":{"":"793d3442","--host":"1858fda5","--port":"5c752f98","--tensor-parallel-size":"aca9468e"},"env":{"VLLM_LOGGING_LEVEL":"fd1cdce3"},"files":{}}' \
  --label 'autotune/overrides=parallel.tp=2 +profile=fp8_quantized' \
  --env VLLM_LOGGING_LEVEL=INFO \
  --entrypoint vllm \
  vllm/vllm-openai:v0.33.0 \
  serve \
  Qwen/Qwen3-8B \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --tensor-parallel-size \
  2
