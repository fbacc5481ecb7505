#!/usr/bin/env bash
# Trust Pulse in headless Chromium: viewer.sh FOLDER, where the test `pages` left bundles and pages.
# Installs Debian's Chromium and playwright-core where they are not there.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="$(realpath "$1")"
command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }
cp "$here/viewer/package.json" "$here/viewer/look.js" "$folder"
cd "$folder"
npm install --silent --no-audit --no-fund
CHROMIUM="$(command -v chromium)" node look.js "$folder" "$folder"/*.html
