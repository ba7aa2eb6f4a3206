#!/usr/bin/env bash
# A study in shares, one per machine that ssh reaches without a password; docs/clusters.md says more.
# FOLDER is a clone on each of them, with its .venv; options of `run` come last:
#   tools/clusters/ssh.sh "ann bob eve" FOLDER --study tradeoff
# What the machines trained comes to results/shares here. The same command again goes on where it
# stopped. Ctrl-C ends the connections; a machine ends when it has something to say, or is done.
set -u

read -ra machines <<<"$1"
folder=$2
shift 2
options=$(printf '%q ' "$@")
mkdir -p results/shares

train() {
    local machine=$1 share=$2 code
    ssh -n "$machine" "cd $folder && .venv/bin/python -m benchmark run --shard $share --no-mlflow" \
        "--results results/share $options" >"results/shares/$machine.log" 2>&1
    code=$?
    mkdir -p "results/shares/$machine"
    ssh -n "$machine" "tar -C $folder/results/share -cf - ." | tar -C "results/shares/$machine" -xf -
    echo "$machine ended with exit code $code: results/shares/$machine.log"
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
