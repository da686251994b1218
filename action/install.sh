#!/usr/bin/env bash
# Installs imgdiag into a folder of its own: nothing of the job's Python is touched.
#
# IMGDIAG_PYTHON   the Python to run with
# IMGDIAG_VERSION  a version from PyPI; empty for the action's own, which is beside this file
set -euo pipefail

venv="$RUNNER_TEMP/imgdiag/venv"
if [[ -n ${IMGDIAG_VERSION:-} ]]; then
    if [[ ! $IMGDIAG_VERSION =~ ^[0-9][0-9A-Za-z.+!]*$ ]]; then
        printf '::error title=imgdiag::The input version is no version, such as 0.1.0\n'
        exit 2
    fi
    package="imgdiag==$IMGDIAG_VERSION"
else
    package="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
fi

"$IMGDIAG_PYTHON" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$package"
"$venv/bin/imgdiag" --version
