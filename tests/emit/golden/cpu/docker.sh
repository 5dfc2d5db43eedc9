#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: tiny-vllm-cpu
# engine: vllm 0.32.0+cpu
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: none

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name tiny-vllm-cpu \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=tiny-vllm-cpu \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label 'autotune/emitted={"image":"public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.32.0","flags":{"":"4352e858"},"env":{"VLLM_CPU_KVCACHE_SPACE":"83dcefb7"},"files":{}}' \
  --env VLLM_CPU_KVCACHE_SPACE=1 \
  --entrypoint vllm \
  public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.32.0 \
  serve \
  tiny
