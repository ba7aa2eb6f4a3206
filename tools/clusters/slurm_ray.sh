#!/usr/bin/env bash
# A study over all nodes of one Slurm job, dealt by Ray; docs/clusters.md says more. In a clone, with
# its environment activated; options of `run` come last:
#   sbatch --nodes=4 tools/clusters/slurm_ray.sh --study tradeoff
#SBATCH --job-name=mer-ray
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=mer-%j.log
# --exclusive: `ray symmetric-run` refuses nodes with another Ray, and ends all of yours on its own
set -u

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
RAY_ADDRESS=$head:$((20000 + SLURM_JOB_ID % 10000))
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_ADDRESS # or Ray would not find its cluster in a temp dir of its own, and begin another
export RAY_AUTH_TOKEN RAY_AUTH_MODE=token # or whoever reaches the port runs code in your name
export RAY_task_oom_retries=1             # or a cell that needs too much memory is begun for ever
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=300 # seconds; 30 are few on a shared disk
export RAY_USAGE_STATS_ENABLED=0

# --timeout has to be shorter than --time above
srun --cpus-per-task="$SLURM_CPUS_ON_NODE" ray symmetric-run --address "$RAY_ADDRESS" \
    --min-nodes "$SLURM_JOB_NUM_NODES" --num-cpus "$SLURM_CPUS_ON_NODE" \
    --temp-dir "/tmp/ray-$SLURM_JOB_ID" -- \
    python -m benchmark run --executor ray --address "$RAY_ADDRESS" --timeout 50m --no-mlflow "$@"
code=$?
srun rm -rf "/tmp/ray-$SLURM_JOB_ID"
if [ "$code" = 3 ]; then
    scontrol requeue "$SLURM_JOB_ID" # more to do than the time allowed: the job waits again
fi
exit "$code"
