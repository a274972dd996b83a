#!/usr/bin/env bash
# A search on every GPU of this machine: a chief and a worker a GPU.
#
#     tuning/gpus.sh 4 --recipe qlae-paper --trials 40 --directory runs/search
#
# The first argument is the number of GPUs, the rest that of `keras-qlae tune`.
# Call it again after a kill: it goes on. (0 GPUs: two workers on the CPU.)
set -euo pipefail
gpus=$1
shift
export KERASTUNER_ORACLE_IP=127.0.0.1
export KERASTUNER_ORACLE_PORT=${KERASTUNER_ORACLE_PORT:-8400}
tune=${TUNE:-keras-qlae tune}

KERASTUNER_TUNER_ID=chief CUDA_VISIBLE_DEVICES=-1 $tune "$@" &
chief=$!
workers=()
for ((i = 0; i < (gpus > 0 ? gpus : 2); i++)); do
    KERASTUNER_TUNER_ID=worker$i \
        CUDA_VISIBLE_DEVICES=$((gpus > 0 ? i : -1)) $tune "$@" &
    workers+=($!)
done
trap 'kill "$chief" "${workers[@]}" 2>/dev/null || true' EXIT
wait "$chief"
