#!/usr/bin/env bash
# Made by autotune. Change the config and emit again rather than editing this file.
# name: hostile
# engine: vllm 0.33.0
# model: "o'brien/$(id)\n# x"
# served name: Qwen/Qwen3-8B
# GPUs: 2 x h100_sxm
# empty: 
# note: "first\n---\nsecond `id` \u2028 $(id)"
# autotune/emitted: {"image":"vllm/vllm-openai:v0.33.0","flags":{"":"54888e4a","-x":"00000000"},"env":{"VALUE_00":"00000000","VALUE_01":"e96ccf45","VALUE_02":"275b35fa","VALUE_03":"aa701161","VALUE_04":"bf679e1c","VALUE_05":"b6b467b3","VALUE_06":"b88a93f6","VALUE_07":"fa948af2","VALUE_08":"c79c724c","VALUE_09":"8c321788","VALUE_10":"ee010b5c","VALUE_11":"8fd8a8ef","VALUE_12":"2340f0f4","VALUE_13":"1147174b","VALUE_14":"a58b7ead","VALUE_15":"aa210a3b","VALUE_16":"349c02a1","VALUE_17":"ee1e5690","VALUE_18":"24d677e1","VALUE_19":"ea281294","VALUE_20":"2e7cd542","VALUE_21":"09b9265b","VALUE_22":"65bfb3b6","VALUE_23":"3b7f5d4c","VALUE_24":"75e735a9","VALUE_25":"f22e0cbd","VALUE_26":"fbdb2615","VALUE_27":"25cbfc4f","VALUE_28":"65bfb3b6","VALUE_29":"7db2a841","VALUE_30":"6b09294b","VALUE_31":"ec04091d","VALUE_32":"b69d9c92","VALUE_33":"14f99a10","VALUE_34":"6497715f","VALUE_35":"d6f0fd30","VALUE_36":"1c6ddff0","VALUE_37":"a737b64e","VALUE_38":"f50cf782","VALUE_39":"8a6aa39c","VALUE_40":"1d451787","VALUE_41":"fdfc4c8d","VALUE_42":"60e579cd","VALUE_43":"bd1a0bea","VALUE_44":"ef7ea4f4","VALUE_45":"f7f43b16","VALUE_46":"b8b2c015","VALUE_47":"14078f19","VALUE_48":"9a2eb239","VALUE_49":"8bb1d29a","VALUE_50":"1363f226","VALUE_51":"b6a96e4d","VALUE_52":"25c7d09c","VALUE_53":"12b88320","VALUE_54":"011097e1","VALUE_55":"97ddb3f8","VALUE_56":"242c1465","VALUE_57":"3f2db11e"},"files":{"/etc/autotune/a/x.yaml":"4d951115","/etc/autotune/b/x.yaml":"b3408243"}}
# CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.

# Quoted values are meant as they stand, whatever is in them.
# shellcheck disable=SC1003,SC1010,SC1097,SC1112,SC2016
set -euo pipefail

if [[ ! -d '/a b,'"'"'c'"'"'' ]]; then
  printf '%s\n' '/a b,'"'"'c'"'"' is missing: mount or link the folder /data/"x", $(id) there' >&2
  exit 1
fi

mkdir -p -- /etc/autotune/a
printf '%s' 'a: $HOME
---
`id` '"'"'x'"'"'' > /etc/autotune/a/x.yaml

mkdir -p -- /etc/autotune/b
printf '%s' '
  $(reboot)

' > /etc/autotune/b/x.yaml

export VALUE_00=''
export VALUE_01=' '
export VALUE_02='it'"'"'s'
export VALUE_03='say "hi"'
export VALUE_04='two
lines
'
export VALUE_05='  indented

'
export VALUE_06='tab	here'
export VALUE_07='$(reboot)'
export VALUE_08='$((1+1))'
export VALUE_09='$$'
export VALUE_10='$'
export VALUE_11='$é'
export VALUE_12='$HOME ${HOME}'
export VALUE_13='`id`'
export VALUE_14='{{ env }} {% if x %}'
export VALUE_15=---
export VALUE_16='
---
kind: Pod
'
export VALUE_17='é 日本語 😀 “quoted”'
export VALUE_18='\ \n'
export VALUE_19='!history'
export VALUE_20='# no comment'
export VALUE_21='*'
export VALUE_22='~'
export VALUE_23='a;b&c|d'
export VALUE_24=yes
export VALUE_25=No
export VALUE_26=y
export VALUE_27=null
export VALUE_28='~'
export VALUE_29=1e3
export VALUE_30=0x10
export VALUE_31=0o17
export VALUE_32=08
export VALUE_33=1_000
export VALUE_34=12:30:45
export VALUE_35=2024-01-01
export VALUE_36=.5
export VALUE_37=-.inf
export VALUE_38=.nan
export VALUE_39==
export VALUE_40='<<'
export VALUE_41=true
export VALUE_42='- a'
export VALUE_43='a: b'
export VALUE_44=@x
export VALUE_45=%x
export VALUE_46='&a'
export VALUE_47='*a'
export VALUE_48='!t'
export VALUE_49='|'
export VALUE_50='>'
export VALUE_51=' '
export VALUE_52=''
export VALUE_53=''
export VALUE_54='﻿'
export VALUE_55=-
export VALUE_56=--
export VALUE_57=-x

exec \
  vllm \
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
