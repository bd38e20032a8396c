#!/usr/bin/env bash
# Builds {{id}} into dist. Besides that only Maven's own repository is written to, and nothing is turned on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

sdk=${OPENCLONE_SOURCE:?set it to a checkout of OpenClone, which contains the SDK}/clients/java
command -v mvn >/dev/null || { echo "install.sh: Maven with Java 17 or later is missing" >&2; exit 1; }
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
mvn -q -f "$sdk/pom.xml" -Dopenclone.target="$build" -DskipTests install
mvn -q package dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=dist
cp target/plugin.jar dist/
echo "Ready. Switch it on with: openclone plugins enable {{id}}"
