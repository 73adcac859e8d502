#!/usr/bin/env bash
# What a GPU makes practical, in one go: a critic from all texts (docs/critic.md), the learning curve's costly cells.
#   DATA=imdb.jsonl WORK=work CSV=docs/data/learning-curve.csv docs/gpu.sh
# Run again after an interruption, it goes on where it was. What runs beside each other is what waits for its own steps.
set -euo pipefail
: "${DATA:?what split wrote}" "${WORK:?a folder to keep what is done}" "${CSV:?the rows of the learning curve}"
LARGE=${LARGE:-mpnet} SMALL=${SMALL:-minilm} TEACHER_LAYERS=${TEACHER_LAYERS:-9} TEXTS=${TEXTS:-69872} WHOLE=${WHOLE:-52000}
EPOCHS=${EPOCHS:-4} TOKENS=${TOKENS:-384} SIZES=${SIZES:-10 50 100 200 500 1000 2000 5000 10000}
core() { python3 -m sentiment.core "$@"; }
once() { [ -e "$WORK/$1" ] || core "${@:2}" --output "$WORK/$1"; }
all() { for job in "$@"; do wait "$job"; done; }
mkdir -p "$WORK"
lesson=(--data "$DATA" --max-tokens "$TOKENS" --work)

# 1. Without any label: the large encoder goes on guessing words, and the small one learns to see as it does.
once pretrained pretrain "${lesson[@]}" "$WORK/pretrain" --texts "$TEXTS" --start "$LARGE" --batch-size 64 --epochs "$EPOCHS" --learning-rate 1e-4
adapted() {
    once adapted adapt "${lesson[@]}" "$WORK/adapt" --texts "$TEXTS" --teacher "$WORK/pretrained" --teacher-layers "$TEACHER_LAYERS" \
        --start "$SMALL" --batch-size 128 --epochs "$EPOCHS" --learning-rate 6e-4
}

# 2. From the 500 labels: three teachers.
teacher() {
    once "teacher-$1" train "${lesson[@]}" "$WORK/train-$1" --base "$WORK/pretrained" --method finetune --epochs 5 --learning-rate 2e-5 --seed "$1"
}
adapted & jobs=($!)
for seed in 0 1 2; do teacher "$seed" & jobs+=($!); done
all "${jobs[@]}"

# 3. From what they say of the other texts: a small critic, and a large one.
taught=(--texts "$WHOLE" --passages $((TEXTS - WHOLE)) --teacher "$WORK"/teacher-{0,1,2})
once student distil "${lesson[@]}" "$WORK/distil" "${taught[@]}" --start "$WORK/adapted" --batch-size 128 --epochs "$EPOCHS" --learning-rate 5e-4
once large distil "${lesson[@]}" "$WORK/distil" "${taught[@]}" --start "$WORK/pretrained" --batch-size 64 --epochs 1 --learning-rate 5e-5
for critic in teacher-0 student large; do core evaluate --critic "$WORK/$critic" --data "$DATA"; done

# 4. How many labels does it take, from those starts?
curve() { core curve --data "$DATA" --csv "$CSV" --work "$WORK/curve" --base "$WORK/adapted" --large-base "$WORK/pretrained" "$@"; }
jobs=()
for seed in 0 1 2; do
    for model in critic critic-mpnet; do
        # shellcheck disable=SC2086
        curve --models "$model" --sizes $SIZES --seeds "$seed" & jobs+=($!)
    done
done
all "${jobs[@]}"
core bench --data "$DATA" --split train --texts 2048 --rounds 2 --critic "$WORK/student"
