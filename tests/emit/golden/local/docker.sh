#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: chat-vllm-5e1f
# engine: vllm 0.33.0
# model: /models/team/qwen3-8b
# served name: chat
# GPUs: 2 x h100_sxm
# autotune/overrides: parallel.tp=2 +profile=fp8_quantized
# replicas: 2 were asked for; this file starts one.
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name chat-vllm-5e1f \
  --gpus 2 \
  --shm-size 8g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=chat-vllm-5e1f \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label app.kubernetes.io/version=0.33.0 \
  --label 'autotune/emitted={"image":"vllm/vllm-openai:v0.33.0","flags":{"":"02739cc8","--served-model-name":"e4643889","--port":"5c752f98"},"env":{"HF_HOME":"c157a3f1","VLLM_LOGGING_LEVEL":"fd1cdce3"},"files":{}}' \
  --label autotune/gpu=h100_sxm \
  --label 'autotune/overrides=parallel.tp=2 +profile=fp8_quantized' \
  --env HF_HOME=/models/hf \
  --env VLLM_LOGGING_LEVEL=INFO \
  --mount type=volume,source=weights,volume-subpath=v2,target=/models,readonly \
  --entrypoint vllm \
  vllm/vllm-openai:v0.33.0 \
  serve \
  /models/team/qwen3-8b \
  --served-model-name \
  chat \
  --port \
  8000
