#!/bin/sh
# Installs Dabyl from this bundle without any network: install.sh [DIRECTORY], default /opt/dabyl.
set -eu
target="${1:-/opt/dabyl}"
PYTHON="${PYTHON:-python3}"
cd "$(dirname "$0")"
echo "Dabyl: checking the bundle ..."
sha256sum --quiet -c SHA256SUMS
echo "Dabyl: installing into $target ..."
"$PYTHON" -m venv "$target"
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels \
    -r requirements.txt -r requirements-postgresql.txt
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels --no-deps dabyl
mkdir -p "$target/share"
cp -r deploy docs "$target/share/"
"$target/bin/dabyl" --version
echo "Dabyl: ready. Try: $target/bin/dabyl doctor; units for systemd lie in $target/share/deploy/systemd"
