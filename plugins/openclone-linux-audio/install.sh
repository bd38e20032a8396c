#!/usr/bin/env bash
# Installs the program of openclone-linux-audio into an environment of its own. Nothing is turned on.
#   OPENCLONE_SOURCE=/path/to/openclone ./install.sh   (when this directory is not within a checkout)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=${OPENCLONE_SOURCE:-$(dirname "$(dirname "$here")")}

if [ ! -d "$source/plugins/lib/audio" ]; then
  echo "install.sh: no OpenClone checkout at $source: set OPENCLONE_SOURCE to one" >&2
  exit 1
fi
for tool in python3 parec pactl; do
  command -v "$tool" >/dev/null || { echo "install.sh: $tool is missing (Debian: apt install python3-venv pulseaudio-utils)" >&2; exit 1; }
done

environment=${XDG_DATA_HOME:-$HOME/.local/share}/openclone/audio
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet "$source/clients/python" "$source/plugins/lib/rules" "$source/plugins/lib/audio[system]"
mkdir -p "$HOME/.local/bin"
ln -sf "$environment/bin/openclone-linux-audio" "$HOME/.local/bin/openclone-linux-audio"
echo "Ready: $HOME/.local/bin/openclone-linux-audio. It stays off until openclone.enabled = true in openclone.conf."
