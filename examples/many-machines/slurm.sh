#!/bin/bash
# A check of the corpus as a Slurm job array:
#     sbatch --array=1-8 --export=ALL,PARTS=$PWD/parts examples/many-machines/slurm.sh
#     cowrace merge parts
# PARTS is a directory that all nodes see. A task that was killed leaves no file; submit the array again, and only what is
# missing is searched.
#SBATCH --job-name=cowrace
#SBATCH --cpus-per-task=1
#SBATCH --requeue
set -euo pipefail
part=$PARTS/$SLURM_ARRAY_TASK_ID.part
mkdir -p "$PARTS"
if [ -e "$part" ]; then
    exit 0
fi
code=0
${COWRACE:-cowrace} check "${SCENARIOS:-scenarios}" --jobs 1 --part "$part" \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" || code=$?
# What the result is, `cowrace merge` says. A task has failed only if its part is not there.
if [ -e "$part" ]; then
    exit 0
fi
exit "$code"
