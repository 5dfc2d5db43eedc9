#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: hostile
# engine: vllm 0.33.0
# model: "o'brien/$(id)\n# x"
# served name: Qwen/Qwen3-8B
# GPUs: 2 x h100_sxm
# empty: 
# note: "first\n---\nsecond `id` \u2028 $(id)"
# To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

# The config files, written anew at every start.
files="${XDG_CACHE_HOME:-$HOME/.cache}"/autotune/hostile
mkdir -p -- "$files"/etc/autotune/a
printf '%s' 'a: $HOME
---
`id` '"'"'x'"'"'' > "$files"/etc/autotune/a/x.yaml
mkdir -p -- "$files"/etc/autotune/b
printf '%s' '
  $(reboot)

' > "$files"/etc/autotune/b/x.yaml

exec docker run \
  --rm \
  --name hostile \
  --gpus 2 \
  --shm-size 8g \
  --publish 127.0.0.1:8000:8000 \
  --label app.kubernetes.io/component=inference-server \
  --label app.kubernetes.io/instance=hostile \
  --label app.kubernetes.io/managed-by=autotune \
  --label app.kubernetes.io/name=vllm \
  --label app.kubernetes.io/version=0.33.0 \
  --env VALUE_00= \
  --env 'VALUE_01= ' \
  --env 'VALUE_02=it'"'"'s' \
  --env 'VALUE_03=say "hi"' \
  --env 'VALUE_04=two
lines
' \
  --env 'VALUE_05=  indented

' \
  --env 'VALUE_06=tab	here' \
  --env 'VALUE_07=$(reboot)' \
  --env 'VALUE_08=$((1+1))' \
  --env 'VALUE_09=$$' \
  --env 'VALUE_10=$' \
  --env 'VALUE_11=$é' \
  --env 'VALUE_12=$HOME ${HOME}' \
  --env 'VALUE_13=`id`' \
  --env 'VALUE_14={{ env }} {% if x %}' \
  --env VALUE_15=--- \
  --env 'VALUE_16=
---
kind: Pod
' \
  --env 'VALUE_17=é 日本語 😀 “quoted”' \
  --env 'VALUE_18=\ \n' \
  --env 'VALUE_19=!history' \
  --env 'VALUE_20=# no comment' \
  --env 'VALUE_21=*' \
  --env 'VALUE_22=~' \
  --env 'VALUE_23=a;b&c|d' \
  --env VALUE_24=yes \
  --env VALUE_25=No \
  --env VALUE_26=y \
  --env VALUE_27=null \
  --env 'VALUE_28=~' \
  --env VALUE_29=1e3 \
  --env VALUE_30=0x10 \
  --env VALUE_31=0o17 \
  --env VALUE_32=08 \
  --env VALUE_33=1_000 \
  --env VALUE_34=12:30:45 \
  --env VALUE_35=2024-01-01 \
  --env VALUE_36=.5 \
  --env VALUE_37=-.inf \
  --env VALUE_38=.nan \
  --env VALUE_39== \
  --env 'VALUE_40=<<' \
  --env VALUE_41=true \
  --env 'VALUE_42=- a' \
  --env 'VALUE_43=a: b' \
  --env VALUE_44=@x \
  --env VALUE_45=%x \
  --env 'VALUE_46=&a' \
  --env 'VALUE_47=*a' \
  --env 'VALUE_48=!t' \
  --env 'VALUE_49=|' \
  --env 'VALUE_50=>' \
  --env 'VALUE_51= ' \
  --env 'VALUE_52=' \
  --env 'VALUE_53=' \
  --env 'VALUE_54=﻿' \
  --env VALUE_55=- \
  --env VALUE_56=-- \
  --env VALUE_57=-x \
  --mount 'type=bind,"source=/data/""x"", $(id)","target=/a b,'"'"'c'"'"'"' \
  --entrypoint vllm \
  --mount type=bind,source="$files"/etc/autotune/a/x.yaml,target=/etc/autotune/a/x.yaml,readonly \
  --mount type=bind,source="$files"/etc/autotune/b/x.yaml,target=/etc/autotune/b/x.yaml,readonly \
  vllm/vllm-openai:v0.33.0 \
  '' \
  ' ' \
  'it'"'"'s' \
  'say "hi"' \
  'two
lines
' \
  '  indented

' \
  'tab	here' \
  '$(reboot)' \
  '$((1+1))' \
  '$$' \
  '$' \
  '$é' \
  '$HOME ${HOME}' \
  '`id`' \
  '{{ env }} {% if x %}' \
  --- \
  '
---
kind: Pod
' \
  'é 日本語 😀 “quoted”' \
  '\ \n' \
  '!history' \
  '# no comment' \
  '*' \
  '~' \
  'a;b&c|d' \
  yes \
  No \
  y \
  null \
  '~' \
  1e3 \
  0x10 \
  0o17 \
  08 \
  1_000 \
  12:30:45 \
  2024-01-01 \
  .5 \
  -.inf \
  .nan \
  = \
  '<<' \
  true \
  '- a' \
  'a: b' \
  @x \
  %x \
  '&a' \
  '*a' \
  '!t' \
  '|' \
  '>' \
  ' ' \
  '' \
  '' \
  '﻿' \
  - \
  -- \
  -x
