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
    local package missing=()
    for package in "$@"; do
        if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done
    if [ "${#missing[@]}" -eq 0 ]; then return; fi

    echo "Installing ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes -qq --no-install-recommends --option DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
}
