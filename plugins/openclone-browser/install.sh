#!/usr/bin/env bash
# Builds the extension and says how to load it. Nothing is turned on.
#   OPENCLONE_SOURCE=/path/to/openclone ./install.sh   (when this directory is not within a checkout)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=${OPENCLONE_SOURCE:-$(dirname "$(dirname "$here")")}
plugin=$source/plugins/openclone-browser

if [ ! -d "$source/clients/typescript" ]; then
  echo "install.sh: no OpenClone checkout at $source: set OPENCLONE_SOURCE to one" >&2
  exit 1
fi
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "install.sh: $tool is missing (Node 20 or later, https://nodejs.org)" >&2; exit 1; }
done

(cd "$source/clients/typescript" && npm ci --ignore-scripts --no-audit --no-fund --silent && node scripts/prepare.mjs)
(cd "$plugin" && npm ci --ignore-scripts --no-audit --no-fund --silent && node build.mjs)
cat <<END
Built. Load it:
  Chromium, Chrome, Edge: open chrome://extensions, switch on "Developer mode", "Load unpacked": $plugin/dist/chromium
  Firefox: open about:debugging#/runtime/this-firefox, "Load Temporary Add-on": $plugin/dist/firefox/manifest.json
Then switch it on in its options page.
END
