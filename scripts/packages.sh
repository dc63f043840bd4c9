# Sourced by scripts/demo and scripts/test. ensure_packages NAME...: Debian packages that are missing are named and, as root,
# installed; else the script stops with the command that would do it.
ensure_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Debian packages needed and not installed: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        echo "Install them and start again:  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 2
    fi
    echo "Installing them now."
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } ||
        { echo "apt-get could not install: ${missing[*]}" >&2; exit 2; }
}

build_packages=(gcc libc6-dev cmake ninja-build pkg-config libopenblas-dev libstb-dev libjansson-dev zlib1g-dev libprotobuf-c-dev
                protobuf-c-compiler)
test_packages=(libcmocka-dev python3-numpy python3-onnx dataset-fashion-mnist libonnx-testdata)
demo_packages=(dataset-fashion-mnist)
