#!/usr/bin/env bash
# Runs drills: ./eng/drill.sh all, or a name of ./eng/drill.sh list; options as in docs/drills.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source eng/packages.sh

ensure_packages libsqlite3-0 sqlite3 faketime
ensure_servers postgresql
if [ "${1:-}" = list ]; then set -- list; else set -- run "$@"; fi
exec dotnet run -c Release --project drills/Basin.Drills -- "$@"
