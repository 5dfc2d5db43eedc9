#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: llama-trtllm-77aa
# engine: trtllm 1.2.0
# model: meta-llama/Llama-3.3-70B-Instruct
# served name: llama
# GPUs: 8 x h100_sxm
# autotune/overrides: parallel.tp=2 +profile=fp8_quantized
# autotune/emitted: {"image":"nvcr.io/nvidia/tensorrt-llm/release:1.2.0","flags":{"":"97eb98d1","--config":"603285d3","--port":"456e1ed9"},"env":{"HF_HOME":"c05d8aba","TRTLLM_LOG":"cb893157"},"files":{"/etc/autotune/trtllm.yaml":"36bb54cb"}}
# replicas: 3 were asked for; this file starts one.
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

: "${HF_TOKEN:?set it in the environment; it is never written here}"
export HF_TOKEN

if [[ ! -d /models ]]; then
  printf '%s\n' '/models is missing: mount or link the files of the claim llama-weights there' >&2
  exit 1
fi

if [[ ! -d /cache ]]; then
  printf '%s\n' '/cache is missing: mount or link the folder /data/hf-cache there' >&2
  exit 1
fi

mkdir -p -- /scratch

mkdir -p -- /pages

mkdir -p -- /etc/autotune
printf '%s' 'kv_cache_config:
  dtype: fp8
  free_gpu_memory_fraction: 0.9
' > /etc/autotune/trtllm.yaml

export HF_HOME=/cache
export TRTLLM_LOG=info

exec \
  trtllm-serve \
  /models/llama \
  --config \
  /etc/autotune/trtllm.yaml \
  --port \
  8001
