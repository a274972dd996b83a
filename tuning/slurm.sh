#!/usr/bin/env bash
# A search as a Slurm array: task 0 is the chief, the others are workers.
#
#     sbatch --array=0-8 tuning/slurm.sh \
#         --recipe qlae-paper --trials 40 --directory /shared/search
#
# The directory must be on a disk that all nodes see. A task that dies can be
# put back with `scontrol requeue`, or left: its trial goes to another.
#SBATCH --job-name=keras-qlae-tune
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=8
#SBATCH --requeue
set -euo pipefail
export KERASTUNER_ORACLE_PORT=$((20000 + SLURM_ARRAY_JOB_ID % 20000))
# Where the chief told the others that it is.
address=${SLURM_SUBMIT_DIR}/.chief-${SLURM_ARRAY_JOB_ID}
if [[ $SLURM_ARRAY_TASK_ID == 0 ]]; then
    export KERASTUNER_TUNER_ID=chief CUDA_VISIBLE_DEVICES=-1
    export KERASTUNER_ORACLE_IP=$(hostname -i | awk '{print $1}')
    echo "$KERASTUNER_ORACLE_IP" >"$address.partial"
    mv "$address.partial" "$address"
else
    until [[ -s $address ]]; do sleep 2; done
    export KERASTUNER_TUNER_ID=worker$SLURM_ARRAY_TASK_ID
    export KERASTUNER_ORACLE_IP=$(<"$address")
fi
keras-qlae tune "$@"
