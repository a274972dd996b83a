#!/usr/bin/env bash
# A search on the GPUs of one node, under Slurm.
#
#     sbatch --gpus=4 tuning/slurm.sh --jobs 4 --recipe qlae-paper \
#         --trials 40 --directory /shared/search
#
# After a time limit or a requeue, the search resumes.
#SBATCH --job-name=keras-qlae-tune
#SBATCH --nodes=1
#SBATCH --cpus-per-task=32
#SBATCH --requeue
exec keras-qlae tune "$@"
