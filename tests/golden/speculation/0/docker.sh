#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-deepseek-v3-773692fe11
# engine: vllm 0.33.0
# model: deepseek-ai/DeepSeek-V3
# served name: deepseek-ai/DeepSeek-V3
# GPUs: 8 x h200_sxm
# autotune/config-hash: 01fe28d325
# autotune/layers: low_latency/batch,low_latency/schedule,low_latency/preset,low_latency/spread,low_latency/speculate
# autotune/model: deepseek-ai/DeepSeek-V3
# autotune/point: 5cb10fe8d5
# autotune/profiles: low_latency
# autotune/version: 0.1.0
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name vllm-deepseek-v3-773692fe11 \
  --gpus 8 \
  --shm-size 16g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=vllm-deepseek-v3-773692fe11 \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label app.kubernetes.io/version=0.33.0 \
  --label autotune/config-hash=01fe28d325 \
  --label 'autotune/emitted={"image":"vllm/vllm-openai:v0.33.0","flags":{"":"03612635","--host":"1858fda5","--port":"5c752f98","--served-model-name":"a32b2518","--tensor-parallel-size":"5646ae04","--enable-prefix-caching":"00000000","--max-num-seqs":"648db3c7","--max-num-batched-tokens":"d91515ed","--performance-mode":"4c4f3dd4","--enable-chunked-prefill":"00000000","--async-scheduling":"00000000","--speculative-config":"5a01c427"},"env":{},"files":{}}' \
  --label autotune/engine=vllm \
  --label autotune/gpu=h200_sxm \
  --label autotune/layers=low_latency/batch,low_latency/schedule,low_latency/preset,low_latency/spread,low_latency/speculate \
  --label autotune/model=DeepSeek-V3 \
  --label autotune/point=5cb10fe8d5 \
  --label autotune/profiles=low_latency \
  --label 'autotune/set-by={"memory.prefix_caching":[true,"profiles/low_latency.yaml, layer `schedule`"],"misc.cuda_graphs":[true,"profiles/low_latency.yaml, layer `schedule`"],"model.id":["deepseek-ai/DeepSeek-V3","override model.id=deepseek-ai/DeepSeek-V3"],"parallel.tp":[8,"override parallel.tp=8"],"runtime.nextn":[1,"profiles/low_latency.yaml, layer `speculate`"],"scheduling.chunked_prefill":[true,"profiles/low_latency.yaml, layer `schedule`"],"scheduling.max_batched_tokens":[2048,"profiles/low_latency.yaml, layer `batch`"],"scheduling.max_running_requests":[64,"profiles/low_latency.yaml, layer `batch`"],"scheduling.mode":["interactivity","profiles/low_latency.yaml, layer `preset`"],"scheduling.overlap":[true,"profiles/low_latency.yaml, layer `schedule`"],"system.gpu":["h200_sxm","override system.gpu=h200_sxm"]}' \
  --entrypoint vllm \
  vllm/vllm-openai:v0.33.0 \
  serve \
  deepseek-ai/DeepSeek-V3 \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --served-model-name \
  deepseek-ai/DeepSeek-V3 \
  --tensor-parallel-size \
  8 \
  --enable-prefix-caching \
  --max-num-seqs \
  64 \
  --max-num-batched-tokens \
  2048 \
  --performance-mode \
  interactivity \
  --enable-chunked-prefill \
  --async-scheduling \
  --speculative-config \
  '{"method":"mtp","num_speculative_tokens":1}'
