#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: vllm-qwen3-32b-a3746fe8ba
# engine: vllm 0.33.0
# model: Qwen/Qwen3-32B
# served name: Qwen/Qwen3-32B
# GPUs: 2 x h100_sxm
# autotune/config-hash: ef279be5e5
# autotune/layers: high_throughput/batch_large_gpu,high_throughput/overlap,high_throughput/memory,high_throughput/preset,fp8_quantized/weights,fp8_quantized/kv
# autotune/model: Qwen/Qwen3-32B
# autotune/point: 319affabaf
# autotune/profiles: high_throughput,fp8_quantized
# autotune/version: 0.1.0
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

exec docker run \
  --rm \
  --name vllm-qwen3-32b-a3746fe8ba \
  --gpus 2 \
  --shm-size 4g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=vllm-qwen3-32b-a3746fe8ba \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label app.kubernetes.io/version=0.33.0 \
  --label autotune/config-hash=ef279be5e5 \
  --label 'autotune/emitted={"image":"vllm/vllm-openai:v0.33.0","flags":{"":"0b1630d3","--host":"1858fda5","--port":"5c752f98","--served-model-name":"95df877f","--tensor-parallel-size":"aca9468e","--quantization":"7c67a368","--kv-cache-dtype":"998b868f","--gpu-memory-utilization":"8cf5e5cf","--block-size":"53f4c7c0","--enable-prefix-caching":"00000000","--max-num-seqs":"2e680c59","--max-num-batched-tokens":"2349281d","--performance-mode":"4067c76a","--enable-chunked-prefill":"00000000","--async-scheduling":"00000000"},"env":{},"files":{}}' \
  --label autotune/engine=vllm \
  --label autotune/gpu=h100_sxm \
  --label autotune/layers=high_throughput/batch_large_gpu,high_throughput/overlap,high_throughput/memory,high_throughput/preset,fp8_quantized/weights,fp8_quantized/kv \
  --label autotune/model=Qwen3-32B \
  --label autotune/point=319affabaf \
  --label autotune/profiles=high_throughput,fp8_quantized \
  --label 'autotune/set-by={"memory.mem_fraction_static":[0.88,"profiles/high_throughput.yaml, layer `memory`"],"memory.page_size":[16,"override memory.page_size=16"],"memory.prefix_caching":[true,"profiles/high_throughput.yaml, layer `overlap`"],"model.id":["Qwen/Qwen3-32B","override model.id=Qwen/Qwen3-32B"],"parallel.tp":[2,"override parallel.tp=2"],"quantization.gemm_mode":["fp8","profiles/fp8_quantized.yaml, layer `weights`"],"quantization.kvcache_mode":["fp8_e4m3","profiles/fp8_quantized.yaml, layer `kv`"],"scheduling.chunked_prefill":[true,"profiles/high_throughput.yaml, layer `overlap`"],"scheduling.max_batched_tokens":[16384,"profiles/high_throughput.yaml, layer `batch_large_gpu`"],"scheduling.max_running_requests":[512,"profiles/high_throughput.yaml, layer `batch_large_gpu`"],"scheduling.mode":["throughput","profiles/high_throughput.yaml, layer `preset`"],"scheduling.overlap":[true,"profiles/high_throughput.yaml, layer `overlap`"]}' \
  --entrypoint vllm \
  vllm/vllm-openai:v0.33.0 \
  serve \
  Qwen/Qwen3-32B \
  --host \
  0.0.0.0 \
  --port \
  8000 \
  --served-model-name \
  Qwen/Qwen3-32B \
  --tensor-parallel-size \
  2 \
  --quantization \
  fp8 \
  --kv-cache-dtype \
  fp8_e4m3 \
  --gpu-memory-utilization \
  0.922 \
  --block-size \
  16 \
  --enable-prefix-caching \
  --max-num-seqs \
  512 \
  --max-num-batched-tokens \
  16384 \
  --performance-mode \
  throughput \
  --enable-chunked-prefill \
  --async-scheduling
