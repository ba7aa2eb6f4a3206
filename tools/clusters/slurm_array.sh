#!/usr/bin/env bash
# A study in shards, one per task of a Slurm job array; docs/clusters.md says more. In a clone, with
# its environment activated; options of `run` come last:
#   sbatch --array=1-20 --export=ALL,SHARDS=20 tools/clusters/slurm_array.sh --study tradeoff
#SBATCH --job-name=mer
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=2G
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=mer-%A_%a.log
set -u

SHARDS=${SHARDS:?give --export=ALL,SHARDS=N with the N of --array=1-N}
# --timeout has to be shorter than --time above
python -m benchmark run --shard "$SLURM_ARRAY_TASK_ID/$SHARDS" --timeout 50m --no-mlflow \
    --results "results/shards/$SLURM_ARRAY_TASK_ID-of-$SHARDS" \
    --workers "$SLURM_CPUS_PER_TASK" "$@"
code=$?
if [ "$code" = 3 ]; then
    scontrol requeue "$SLURM_JOB_ID" # more to do than the time allowed: this task waits again
fi
exit "$code"
