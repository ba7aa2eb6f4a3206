#!/usr/bin/env bash
# A study in shares, one per task of a Slurm job array; docs/clusters.md says more. In a clone, with
# its environment activated; options of `run` come last:
#   sbatch --array=1-20 --export=ALL,SHARES=20 tools/clusters/slurm_array.sh --study tradeoff
#SBATCH --job-name=mer
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=2G
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=mer-%A_%a.log
set -u

SHARES=${SHARES:?give --export=ALL,SHARES=N with the N of --array=1-N}
# --timeout has to be shorter than --time above
python -m benchmark run --shard "$SLURM_ARRAY_TASK_ID/$SHARES" --timeout 50m --no-mlflow \
    --results "results/shares/$SLURM_ARRAY_TASK_ID-of-$SHARES" \
    --workers "$SLURM_CPUS_PER_TASK" "$@"
code=$?
if [ "$code" = 3 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 20 ]; then
    scontrol requeue "$SLURM_JOB_ID" # more to do than the time allowed: this task waits again
fi
exit "$code"
