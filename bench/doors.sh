#!/usr/bin/env bash
# bench/doors.sh: what the doors into the compiler add to a user's build (TARGETS.md section 2).
#
# A crate with nothing in it, and the same crate with a policy: the difference of the medians of warm
# rebuilds, dev profile, after the crate's own source was touched.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
runs="${1:-5}"
mkdir -p "$work/src"
cp "$here/rust-toolchain.toml" "$work/"
cat >"$work/Cargo.toml" <<EOF
[package]
name = "doors"
version = "0.1.0"
edition = "2024"
[dependencies]
wpc = { path = "$here/runtime" }
[workspace]
EOF
cp "$here/Cargo.lock" "$work/" # the versions that the project builds with

# A policy with as many allows of one resource each as asked for; three lines for each when `$2` is set.
policy() {
    printf 'use azure_service_bus\n\npolicy doors {\n    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {\n'
    local index
    for ((index = 0; index < $1; index++)); do
        if [ -n "${2:-}" ]; then
            printf '        allow send to queue("queue-%d") when {\n            message_bytes <= %d KiB\n        }\n' \
                "$index" $((index + 1))
        else
            printf '        allow send to queue("queue-%d")\n' "$index"
        fi
    done
    printf '        limit messages of send to 200 per job\n        deny manage on any\n    }\n    token { pin policy; bind job }\n}\n'
}

# Median milliseconds of a rebuild.
rebuild() {
    local run started
    cargo build --quiet --manifest-path "$work/Cargo.toml"
    for ((run = 0; run < runs; run++)); do
        printf '// %d\n' "$RANDOM" >>"$work/src/lib.rs"
        started="$(date +%s%N)"
        cargo build --quiet --manifest-path "$work/Cargo.toml"
        printf '%d\n' $((($(date +%s%N) - started) / 1000000))
    done | sort -n | sed -n "$((runs / 2 + 1))p"
}

echo '//! Nothing.' >"$work/src/lib.rs"
empty="$(rebuild)"
door() { # what, target in milliseconds
    printf '//! A policy.\nmod policy {\n    wpc::policy!("policy.wpc");\n}\n' >"$work/src/lib.rs"
    local with added met=met
    with="$(rebuild)"
    added=$((with - empty))
    [ "$added" -le "$2" ] || met=MISSED
    printf '| %s | %d ms - %d ms = %d ms | <= %d ms | %s |\n' "$1" "$with" "$empty" "$added" "$2" "$met"
}
printf '| target | found | bound | |\n|---|---|---|---|\n'
policy 64 long >"$work/src/policy.wpc"
door "policy! of $(wc -l <"$work/src/policy.wpc") lines, warm" 100
policy 10000 >"$work/src/policy.wpc"
door "policy! of 10,000 resources" 5000
