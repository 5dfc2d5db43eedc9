#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: chat-vllm-5e1f
# engine: vllm 0.33.0
# model: /models/team/qwen3-8b
# served name: chat
# GPUs: 2 x h100_sxm
# autotune/overrides: parallel.tp=2 +profile=fp8_quantized
# autotune/emitted: {"image":"vllm/vllm-openai:v0.33.0","flags":{"":"02739cc8","--served-model-name":"e4643889","--port":"5c752f98"},"env":{"HF_HOME":"c157a3f1","VLLM_LOGGING_LEVEL":"fd1cdce3"},"files":{}}
# replicas: 2 were asked for; this file starts one.
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

if [[ ! -d /models ]]; then
  printf '%s\n' '/models is missing: mount or link the files of the claim weights there' >&2
  exit 1
fi

export HF_HOME=/models/hf
export VLLM_LOGGING_LEVEL=INFO

exec \
  vllm \
  serve \
  /models/team/qwen3-8b \
  --served-model-name \
  chat \
  --port \
  8000
