#!/usr/bin/env bash
# Runs the benchmarks: ./eng/bench.sh orders [--rounds 5] [--seconds 8]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source eng/packages.sh

ensure_packages wrk libsqlite3-0
ensure_servers redis-server
exec dotnet run -c Release --project bench/Basin.Bench -- "$@"
