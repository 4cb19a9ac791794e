# Makes a virtual environment and installs powerplan into it; used by demo.sh and test.sh.

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "powerplan needs Python 3.11 or newer; none was found" >&2
    exit 1
}

# make_environment FOLDER WHAT...: create FOLDER if it is missing and install WHAT into it.
make_environment() {
    folder=$1
    shift
    if [ ! -x "$folder/bin/python" ]; then
        "$(find_python)" -m venv "$folder"
    fi
    echo "installing into $folder ..." >&2
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt "$@"
}

# install_browser: a browser for the tests of the page; without one they are skipped and say so.
install_browser() {
    for candidate in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$candidate" >/dev/null && return
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing a browser for the tests of the page ..." >&2
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && return
    fi
    echo "no Chromium here and none could be installed: the tests of the page are skipped" >&2
}
