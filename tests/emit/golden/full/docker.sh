#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: llama-trtllm-77aa
# engine: trtllm 1.2.0
# model: meta-llama/Llama-3.3-70B-Instruct
# served name: llama
# GPUs: 8 x h100_sxm
# autotune/overrides: parallel.tp=2 +profile=fp8_quantized
# replicas: 3 were asked for; this file starts one.
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

: "${HF_TOKEN:?set it in the environment; it is never written here}"
export HF_TOKEN

# The config files, written anew at every start.
files="${XDG_CACHE_HOME:-$HOME/.cache}"/autotune/llama-trtllm-77aa
mkdir -p -- "$files"/etc/autotune
printf '%s' 'kv_cache_config:
  dtype: fp8
  free_gpu_memory_fraction: 0.9
' > "$files"/etc/autotune/trtllm.yaml

exec docker run \
  --rm \
  --name llama-trtllm-77aa \
  --gpus 8 \
  --shm-size 16g \
  --publish 127.0.0.1:8001:8001 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=llama-trtllm-77aa \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=trtllm \
  --label app.kubernetes.io/part-of=chat \
  --label app.kubernetes.io/version=1.2.0 \
  --label 'autotune/emitted={"image":"nvcr.io/nvidia/tensorrt-llm/release:1.2.0","flags":{"":"97eb98d1","--config":"603285d3","--port":"456e1ed9"},"env":{"HF_HOME":"c05d8aba","TRTLLM_LOG":"cb893157"},"files":{"/etc/autotune/trtllm.yaml":"36bb54cb"}}' \
  --label 'autotune/overrides=parallel.tp=2 +profile=fp8_quantized' \
  --label team=search \
  --env HF_HOME=/cache \
  --env TRTLLM_LOG=info \
  --env HF_TOKEN \
  --mount type=volume,source=llama-weights,volume-subpath=checkpoints,target=/models,readonly \
  --mount type=bind,source=/data/hf-cache,target=/cache \
  --mount type=volume,target=/scratch \
  --mount type=tmpfs,tmpfs-size=1572864000,target=/pages \
  --entrypoint trtllm-serve \
  --mount type=bind,source="$files"/etc/autotune/trtllm.yaml,target=/etc/autotune/trtllm.yaml,readonly \
  nvcr.io/nvidia/tensorrt-llm/release:1.2.0 \
  /models/llama \
  --config \
  /etc/autotune/trtllm.yaml \
  --port \
  8001
