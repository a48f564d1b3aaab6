#!/usr/bin/env bash
# Checks and tests everything; needs the .NET SDK and installs the rest. The last line says "N passed, N failed" and, if any, ", N skipped".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source eng/packages.sh

readonly results=artifacts/test-results
readonly limit=40m # for one test project, so that a hanging test ends as a failure

exec 2>&1 # one stream, so that the count is its last line

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

passed=0
failed=0
skipped=0
complaints=()

main() {
    ensure_packages chromium libsqlite3-0 sqlite3
    ensure_servers postgresql rabbitmq-server haproxy redis-server
    step "Restore" dotnet restore Basin.slnx --verbosity quiet
    step "Formatting" dotnet format Basin.slnx --no-restore --verify-no-changes
    step "Build" dotnet build Basin.slnx --configuration Release --no-restore --verbosity quiet --nologo -warnaserror
    check_scripts
    run_all_tests
    report
}

step() {
    echo "== $1"
    shift
    "$@"
}

# The scripts of the pages are optional for a build, so they are only checked where Node is.
check_scripts() {
    if [ ! -f package.json ] || ! command -v npm >/dev/null; then return; fi
    step "Scripts" npm ci --no-audit --no-fund --loglevel=error
    npx tsc --noEmit
    step "Stripe's client" npm ci --prefix tests/stripe --no-audit --no-fund --loglevel=error
}

# Whatever runs a host runs once with its data in files and once in PostgreSQL. The cluster and the drills have their own.
run_all_tests() {
    rm -rf "$results"
    mkdir -p "$results"
    local project name
    for project in tests/*/*.csproj; do
        name=$(basename "$project" .csproj)
        if [ "$name" = Basin.Cluster.Tests ]; then
            run_tests "$name" postgres -showLiveOutput # how long each recovery took
        elif [ "$name" = Basin.Drills.Tests ]; then
            run_tests "$name" sqlite
        else
            run_tests "$name" sqlite
            run_tests "$name" postgres
        fi
    done
}

# run_tests NAME BACKEND [OPTION...]: failing tests are printed by the test project itself, with message, stack and output.
run_tests() {
    local name=$1 backend=$2 result="$results/$1.$2.xml" code=0
    shift 2
    echo "== $name on $backend"
    BASIN_TEST_BACKEND=$backend timeout --kill-after=10s "$limit" "artifacts/bin/$name/release/$name" -noLogo -noColor "$@" -xml "$result" || code=$?

    if ! grep -q '<assembly ' "$result" 2>/dev/null; then
        complain "$name on $backend ended with code $code and left no result: it crashed, hung for $limit or was not built"
        return
    fi
    local failures
    failures=$(($(count failed "$result") + $(count errors "$result")))
    passed=$((passed + $(count passed "$result")))
    failed=$((failed + failures))
    skipped=$((skipped + $(count skipped "$result") + $(count not-run "$result")))
    if [ "$(count total "$result")" -eq 0 ]; then
        complain "$name on $backend has no tests"
    elif [ "$code" -ne 0 ] && [ "$failures" -eq 0 ]; then
        complain "$name on $backend ended with code $code although no test failed"
    fi
}

# A project that cannot be believed counts as one failure.
complain() {
    complaints+=("$1")
    failed=$((failed + 1))
}

# count ATTRIBUTE FILE: a number from the <assembly> element of an xunit result.
count() {
    grep -o '<assembly [^>]*>' "$2" | grep -oP " $1=\"\K[0-9]+" || echo 0
}

report() {
    echo
    list_failed_tests
    local complaint
    for complaint in "${complaints[@]}"; do
        echo "FAILED  $complaint"
    done
    if [ $((passed + failed)) -eq 0 ]; then complain "nothing ran"; fi

    local line="$passed passed, $failed failed"
    if [ "$skipped" -gt 0 ]; then line+=", $skipped skipped"; fi
    echo "$line"
    [ "$failed" -eq 0 ]
}

# Each with the beginning and the end of its message, so that the end of the output says what happened.
list_failed_tests() {
    perl -0777 -ne '
        while (/<test [^>]*? name="([^"]*)"[^>]* result="Fail".*?<message><!\[CDATA\[(.*?)\]\]>/sg) {
            my ($name, $message) = ($1, $2);
            $message =~ s/\s+/ /g;
            $message =~ s/^(.{200}).+(.{300})$/$1 ... $2/;
            $name =~ s/&quot;/"/g; $name =~ s/&lt;/</g; $name =~ s/&gt;/>/g; $name =~ s/&amp;/&/g;
            print "FAILED  $name\n        $message\n";
        }' "$results"/*.xml 2>/dev/null || true
}

main
