#!/usr/bin/env bash
# Trust Pulse in headless Chromium: viewer.sh FOLDER [PAGE…], where the test `pages` left pages, or for these pages.
# Installs Debian's Chromium and playwright-core where they are not there.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="$(realpath "$1")"
shift
command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }
cp "$here/viewer/package.json" "$here/viewer/look.js" "$folder"
cd "$folder"
npm install --silent --no-audit --no-fund
[ $# -gt 0 ] || set -- "$folder"/*.html
CHROMIUM="$(command -v chromium)" node look.js "$folder" "$@"
