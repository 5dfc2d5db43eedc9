#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: qwen3-8b-sglang-scaled
# engine: sglang 0.5.23
# model: Qwen/Qwen3-8B
# served name: Qwen/Qwen3-8B
# GPUs: 2 x mi300x
# autoscaling was asked for; that takes a cluster.
# a disruption budget was asked for; that takes a cluster.
# a ServiceMonitor was asked for; that takes a cluster.
# HIP_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name qwen3-8b-sglang-scaled \
  --device /dev/kfd \
  --device /dev/dri \
  --group-add video \
  --env HIP_VISIBLE_DEVICES \
  --shm-size 8g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=qwen3-8b-sglang-scaled \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=sglang \
  --label app.kubernetes.io/version=0.5.23 \
  --label 'autotune/emitted={"image":"lmsysorg/sglang:v0.5.23-rocm700-mi30x","flags":{"":"5c14cc15","-m":"4d0542e7","--model-path":"d41f3b45","--tp-size":"aca9468e","--enable-metrics":"00000000"},"env":{},"files":{}}' \
  --entrypoint python3 \
  lmsysorg/sglang:v0.5.23-rocm700-mi30x \
  -m \
  sglang.launch_server \
  --model-path \
  Qwen/Qwen3-8B \
  --tp-size \
  2 \
  --enable-metrics
