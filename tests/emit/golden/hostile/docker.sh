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
  --label 'autotune/emitted={"image":"vllm/vllm-openai:v0.33.0","flags":{"":"54888e4a","-x":"00000000"},"env":{"VALUE_00":"00000000","VALUE_01":"e96ccf45","VALUE_02":"275b35fa","VALUE_03":"aa701161","VALUE_04":"bf679e1c","VALUE_05":"b6b467b3","VALUE_06":"b88a93f6","VALUE_07":"fa948af2","VALUE_08":"c79c724c","VALUE_09":"8c321788","VALUE_10":"ee010b5c","VALUE_11":"8fd8a8ef","VALUE_12":"2340f0f4","VALUE_13":"1147174b","VALUE_14":"a58b7ead","VALUE_15":"aa210a3b","VALUE_16":"349c02a1","VALUE_17":"ee1e5690","VALUE_18":"24d677e1","VALUE_19":"ea281294","VALUE_20":"2e7cd542","VALUE_21":"09b9265b","VALUE_22":"65bfb3b6","VALUE_23":"3b7f5d4c","VALUE_24":"75e735a9","VALUE_25":"f22e0cbd","VALUE_26":"fbdb2615","VALUE_27":"25cbfc4f","VALUE_28":"65bfb3b6","VALUE_29":"7db2a841","VALUE_30":"6b09294b","VALUE_31":"ec04091d","VALUE_32":"b69d9c92","VALUE_33":"14f99a10","VALUE_34":"6497715f","VALUE_35":"d6f0fd30","VALUE_36":"1c6ddff0","VALUE_37":"a737b64e","VALUE_38":"f50cf782","VALUE_39":"8a6aa39c","VALUE_40":"1d451787","VALUE_41":"fdfc4c8d","VALUE_42":"60e579cd","VALUE_43":"bd1a0bea","VALUE_44":"ef7ea4f4","VALUE_45":"f7f43b16","VALUE_46":"b8b2c015","VALUE_47":"14078f19","VALUE_48":"9a2eb239","VALUE_49":"8bb1d29a","VALUE_50":"1363f226","VALUE_51":"b6a96e4d","VALUE_52":"25c7d09c","VALUE_53":"12b88320","VALUE_54":"011097e1","VALUE_55":"97ddb3f8","VALUE_56":"242c1465","VALUE_57":"3f2db11e"},"files":{"/etc/autotune/a/x.yaml":"4d951115","/etc/autotune/b/x.yaml":"b3408243"}}' \
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
