#!/usr/bin/env bash
# fuzz/seed.sh: makes seeds/ anew from the corpora of the grammar and the compiler, and from the model's generators.
set -euo pipefail
cd "$(dirname "$0")"
for corpus in ../grammar/tests/corpus ../compiler/tests/corpus; do
    [ -d "$corpus" ] || continue
    for target in parse compile; do
        mkdir -p "seeds/$target"
        find "$corpus" -name '*.wpc' -size -16k -exec cp -t "seeds/$target" {} +
    done
done
mkdir -p seeds/openclaw
cp -t seeds/openclaw ../tests/interop/openclaw/*.json5 ../tests/interop/openclaw/traps/*.json5
cargo run --quiet --example seed
