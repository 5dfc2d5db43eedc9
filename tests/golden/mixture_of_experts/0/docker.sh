#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-qwen3-30b-a3b-5d85b1ff8b
# engine: vllm 0.33.0
# model: Qwen/Qwen3-30B-A3B
# served name: Qwen/Qwen3-30B-A3B
# GPUs: 4 x h100_sxm
# autotune/config-hash: 65295d9baa
# autotune/layers: moe/experts_4,moe/batch,memory_optimized/batch,memory_optimized/graphs,memory_optimized/kv
# autotune/model: Qwen/Qwen3-30B-A3B
# autotune/point: 1fb321bb60
# autotune/profiles: moe,memory_optimized
# autotune/version: 0.1.0
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name vllm-qwen3-30b-a3b-5d85b1ff8b \
  --gpus 4 \
  --shm-size 8g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=vllm-qwen3-30b-a3b-5d85b1ff8b \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label app.kubernetes.io/version=0.33.0 \
  --label autotune/config-hash=65295d9baa \
  --label 'autotune/emitted={"image":"vllm/vllm-openai:v0.33.0","flags":{"":"d380f32e","--host":"1858fda5","--port":"5c752f98","--served-model-name":"19a36f42","--tensor-parallel-size":"faf3e108","--enable-expert-parallel":"00000000","--kv-cache-dtype":"998b868f","--enable-prefix-caching":"00000000","--max-num-seqs":"648db3c7","--max-num-batched-tokens":"d91515ed","--enable-chunked-prefill":"00000000","--cudagraph-capture-sizes":"fed8d682"},"env":{},"files":{}}' \
  --label autotune/engine=vllm \
  --label autotune/gpu=h100_sxm \
  --label autotune/layers=moe/experts_4,moe/batch,memory_optimized/batch,memory_optimized/graphs,memory_optimized/kv \
  --label autotune/model=Qwen3-30B-A3B \
  --label autotune/point=1fb321bb60 \
  --label autotune/profiles=moe,memory_optimized \
  --label 'autotune/set-by={"memory.prefix_caching":[true,"profiles/memory_optimized.yaml, layer `batch`"],"misc.cuda_graph_sizes":[[1,2,4,8,16,32,64],"profiles/memory_optimized.yaml, layer `graphs`"],"model.id":["Qwen/Qwen3-30B-A3B","override model.id=Qwen/Qwen3-30B-A3B"],"parallel.ep":[4,"profiles/moe.yaml, layer `experts_4`"],"parallel.tp":[4,"override parallel.tp=4"],"quantization.kvcache_mode":["fp8_e4m3","profiles/memory_optimized.yaml, layer `kv`"],"scheduling.chunked_prefill":[true,"profiles/memory_optimized.yaml, layer `batch`"],"scheduling.max_batched_tokens":[2048,"profiles/memory_optimized.yaml, layer `batch`"],"scheduling.max_running_requests":[64,"profiles/memory_optimized.yaml, layer `batch`"]}' \
  --entrypoint vllm \
  vllm/vllm-openai:v0.33.0 \
  serve \
  Qwen/Qwen3-30B-A3B \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --served-model-name \
  Qwen/Qwen3-30B-A3B \
  --tensor-parallel-size \
  4 \
  --enable-expert-parallel \
  --kv-cache-dtype \
  fp8_e4m3 \
  --enable-prefix-caching \
  --max-num-seqs \
  64 \
  --max-num-batched-tokens \
  2048 \
  --enable-chunked-prefill \
  --cudagraph-capture-sizes \
  1 \
  2 \
  4 \
  8 \
  16 \
  32 \
  64
