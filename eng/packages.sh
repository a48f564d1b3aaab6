# shellcheck shell=bash
# Sourced by the scripts beside it.

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# ensure_packages PACKAGE...: installs those Debian packages that are missing; does nothing, and asks for no rights, when all are there.
ensure_packages() {
    if ! command -v apt-get >/dev/null; then
        echo "No apt-get here; make sure that these are installed: $*"
        return
    fi
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if [ "${#missing[@]}" -eq 0 ]; then return; fi

    echo "Installing ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes -qq --no-install-recommends --option DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
}

# ensure_servers PACKAGE...: the same for packages that bring a service of the same name. Debian starts such a service when its package is
# installed, and again whenever the machine starts; one that is installed here does neither. One that was there already is left as it is.
ensure_servers() {
    if ! command -v apt-get >/dev/null; then
        ensure_packages "$@"
        return
    fi
    local missing policy=/usr/sbin/policy-rc.d
    mapfile -t missing < <(missing_packages "$@")
    if [ "${#missing[@]}" -eq 0 ]; then return; fi

    if [ -e "$policy" ]; then # the machine has a policy of its own, and keeps it
        ensure_packages "${missing[@]}"
    else
        (
            trap 'as_root rm -f "$policy"' EXIT
            printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
            ensure_packages "${missing[@]}"
        )
    fi
    if command -v systemctl >/dev/null; then as_root systemctl disable --quiet "${missing[@]}"; fi
}

# missing_packages PACKAGE...: those that are not installed, one per line.
missing_packages() {
    local package
    for package in "$@"; do
        if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            echo "$package"
        fi
    done
}
