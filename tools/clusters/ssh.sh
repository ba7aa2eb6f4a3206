#!/usr/bin/env bash
# A study in shards, one per machine that ssh reaches without a password; docs/clusters.md says
# more. FOLDER is a clone on each of them, with its .venv; options of `run` come last:
#   tools/clusters/ssh.sh "ann bob eve" FOLDER --study tradeoff
# What the machines trained comes to results/shards here. The same command again goes on where it
# stopped. Ctrl-C ends the connections; a machine ends when it has something to say, or is done.
set -u

read -ra machines <<<"$1"
folder=${2:?give the machines, FOLDER and options of run}
shift 2
options=$(printf '%q ' "$@")
mkdir -p results/shards

train() {
    local machine=$1 shard=$2 code
    ssh -n "$machine" "cd $folder && .venv/bin/python -m benchmark run --shard $shard --no-mlflow" \
        "--results results/shard $options" >"results/shards/$machine.log" 2>&1
    code=$?
    mkdir -p "results/shards/$machine"
    ssh -n "$machine" "tar -C $folder/results/shard -cf - ." |
        tar -C "results/shards/$machine" -xf -
    echo "$machine ended with exit code $code: results/shards/$machine.log"
    return "$code"
}

trainings=()
for index in "${!machines[@]}"; do
    train "${machines[index]}" "$((index + 1))/${#machines[@]}" &
    trainings+=($!)
done
worst=0
for training in "${trainings[@]}"; do
    wait "$training"
    code=$?
    [ "$code" -le "$worst" ] || worst=$code
done
exit "$worst"
