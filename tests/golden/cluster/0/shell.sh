#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-qwen3-8b-da7088b062
# engine: vllm 0.33.0
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: 1 x h100_sxm
# autotune/config-hash: c5c786b362
# autotune/model: Qwen/Qwen3-8B
# autotune/point: 0c80618f8f
# autotune/version: 0.1.0
# autotune/emitted: {"image":"vllm/vllm-openai:v0.33.0","flags":{"":"793d3442","--host":"1858fda5","--port":"5c752f98","--served-model-name":"d41f3b45","--max-log-len":"05ae6046"},"env":{"A":"19fe0dc0","HF_HOME":"f18d07a1"},"files":{}}
# autotune/set-by: {"deploy.hf_token_secret":["hub","override deploy.hf_token_secret=hub"],"deploy.namespace":["llm","override deploy.namespace=llm"],"deploy.pvc":["models","override deploy.pvc=models"],"deploy.replicas":[2,"override deploy.replicas=2"],"misc.env.A":["x y","override misc.env={A:'x y'}"],"misc.extra_args.--max-log-len":[10,"override misc.extra_args.--max-log-len=10"]}
# replicas: 2 were asked for; this file starts one.
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

: "${HF_TOKEN:?set it in the environment; it is never written here}"
export HF_TOKEN

if [[ ! -d /models ]]; then
  printf '%s\n' '/models is missing: mount or link the files of the claim models there' >&2
  exit 1
fi

export A='x y'
export HF_HOME=/models

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
  --max-log-len \
  10
