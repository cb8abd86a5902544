#!/usr/bin/env bash
# Builds the page into client/dist: the same sources give the same bytes. Takes Node.js with npm from this machine where it is new enough,
# and from a Python package in .venv where not; nothing is installed globally.
# A build that fails leaves the page of before: the new one is made beside it and moved into place whole.
set -euo pipefail
root=$(cd "$(dirname "$0")" && pwd)
cd "$root/client"

# shellcheck source=scripts/node_modules.sh
. "$root/scripts/node_modules.sh"

fresh=node_modules/.fresh-page # in node_modules: the same disk, and ignored by git and by the fingerprint
before=$("${PYTHON:-python3}" "$root/scripts/prepare.py" page)
rm -rf "$fresh" "$fresh.old"
npm run --silent build -- --outDir "$fresh" --emptyOutDir --logLevel warn
echo "$before" >"$fresh/fingerprint"

[ ! -e dist ] || mv dist "$fresh.old"
mv "$fresh" dist
rm -rf "$fresh.old"
echo "The page is built."
