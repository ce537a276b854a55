#!/bin/sh
# Makes dist/dabyl-<version>-<platform>.tar.gz: wheels of Dabyl and of everything it needs, pinned, with sums, the service
# files, the documents and an installer that asks no network. The machine must have the same Python and architecture.
set -eu
PYTHON="${PYTHON:-python3}"
cd "$(dirname "$0")/.."
version=$("$PYTHON" -c 'from monitor import __version__; print(__version__)')
platform=$("$PYTHON" -c 'import sysconfig, sys; print(f"cp{sys.version_info[0]}{sys.version_info[1]}-{sysconfig.get_platform()}")')
name="dabyl-$version-$platform"
work="dist/$name"
rm -rf "$work"
mkdir -p "$work/wheels"
echo "Dabyl: building its wheel ..."
"$PYTHON" -m hatchling build -t wheel -d "$work/wheels" >/dev/null
echo "Dabyl: gathering what it needs ..."
"$PYTHON" -m pip wheel --quiet --disable-pip-version-check --wheel-dir "$work/wheels" -r requirements.txt -r requirements-postgresql.txt
cp -r deploy docs config LICENSE README.md requirements.txt requirements-postgresql.txt "$work/"
rm -rf "$work/deploy/local"
cp scripts/install_bundle.sh "$work/install.sh"
(cd "$work" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum > SHA256SUMS)
tar -C dist -czf "dist/$name.tar.gz" "$name"
rm -rf "$work"
echo "wrote dist/$name.tar.gz"
echo "there: tar xzf $name.tar.gz && $name/install.sh /opt/dabyl"
