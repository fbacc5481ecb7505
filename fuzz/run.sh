#!/usr/bin/env bash
# fuzz/run.sh SECONDS [TARGET...]: runs every target (or those named) for so long, as many at once as there are
# cores, and fails if one found anything. A target first runs its seeds, and what was found before.
#
# Works on the pinned stable toolchain: our code has no `unsafe`, so no sanitizer is needed and none is the
# default. `WPC_SANITIZER=address` asks for one, for the sake of our dependencies (twice as slow).
#
# Each run draws anew; `WPC_FUZZ_SEED=N` repeats one, so that CI fails by what a change did and not by luck.
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:?usage: fuzz/run.sh SECONDS [TARGET...]}"
shift
sanitizer="${WPC_SANITIZER:-none}"
seed="${WPC_FUZZ_SEED:-0}"
[ "$sanitizer" = none ] || export RUSTC_BOOTSTRAP=1
[ $# -gt 0 ] || set -- $(cargo fuzz list --fuzz-dir .)
logs="$(mktemp -d)"
trap 'rm -rf "$logs"' EXIT

fuzz() { # target
    local target="$1" dictionary=dictionaries/json.dict
    case "$target" in parse | compile) dictionary=dictionaries/policy.dict ;; esac
    [ -n "$(ls "seeds/$target" 2>/dev/null)" ] || { echo "no seeds for $target: run fuzz/seed.sh"; return 1; }
    mkdir -p "corpus/$target" "regressions/$target"
    # `-timeout` finds what hangs; it is long, since a busy machine may stall for many seconds.
    cargo fuzz run --fuzz-dir . --sanitizer "$sanitizer" "$target" \
        "corpus/$target" "seeds/$target" "regressions/$target" -- \
        -seed="$seed" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -dict="$dictionary"
}

# One target, and its output in one piece although several run.
shown() { # target
    local rc=0
    fuzz "$1" >"$logs/$1" 2>&1 || rc=$?
    printf '\n-- fuzz %s: %s s, exit code %s\n%s\n' "$1" "$seconds" "$rc" "$(cat "$logs/$1")"
    return "$rc"
}

# Built before any of them runs, so that each has its seconds for itself.
cargo fuzz build --fuzz-dir . --sanitizer "$sanitizer"
export -f fuzz shown
export seconds sanitizer seed logs
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'shown {}'
printf '\nno target found anything\n'
