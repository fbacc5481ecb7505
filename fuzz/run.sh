#!/usr/bin/env bash
# fuzz/run.sh SECONDS [TARGET...]: runs every target (or those named) for so long, and fails at the first crash.
#
# Works on the pinned stable toolchain: our code has no `unsafe`, so no sanitizer is needed and none is the
# default. `WPC_SANITIZER=address` asks for one, for the sake of our dependencies (twice as slow).
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:?usage: fuzz/run.sh SECONDS [TARGET...]}"
shift
sanitizer="${WPC_SANITIZER:-none}"
[ "$sanitizer" = none ] || export RUSTC_BOOTSTRAP=1
[ $# -gt 0 ] || set -- $(cargo fuzz list --fuzz-dir .)

# What was found before must not come back, and every seed must pass, before anything new is tried.
cargo test --quiet
for target in "$@"; do
    printf '\n-- fuzz %s: %s s\n' "$target" "$seconds"
    mkdir -p "corpus/$target" "seeds/$target" "regressions/$target"
    dictionary=dictionaries/json.dict
    case "$target" in parse | compile) dictionary=dictionaries/policy.dict ;; esac
    # `-timeout` finds what hangs; it is long, since a busy machine may stall for many seconds.
    cargo fuzz run --fuzz-dir . --sanitizer "$sanitizer" "$target" \
        "corpus/$target" "seeds/$target" "regressions/$target" -- \
        -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -dict="$dictionary"
done
printf '\nno target found anything\n'
