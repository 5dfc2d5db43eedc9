#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: tiny-vllm-cpu
# engine: vllm 0.32.0+cpu
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: none
# autotune/emitted: {"image":"public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.32.0","flags":{"":"4352e858"},"env":{"VLLM_CPU_KVCACHE_SPACE":"83dcefb7"},"files":{}}

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

export VLLM_CPU_KVCACHE_SPACE=1

exec \
  vllm \
  serve \
  tiny
