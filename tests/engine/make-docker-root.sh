#!/bin/sh
# Make a root file system with a Docker that has the containerd image store, as a tar file.
#
# Distributions are slow to package that Docker (26 or later), so it comes from a newer Debian
# than many machines run, and is run by chroot. Needs root and debootstrap.
#
#   make-docker-root.sh OUT.tar     write the tar file
#   MIRROR                          where to get Debian from
set -eu

out=$1
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
debootstrap --variant=minbase --include=docker.io \
    trixie "$root" "${MIRROR:-http://deb.debian.org/debian}" >&2

rm -f "$root/etc/hostname" "$root/etc/resolv.conf"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* \
    "$root"/usr/share/man/* "$root"/usr/share/locale/*
mkdir -p "$root/etc/docker"
cat >"$root/etc/docker/daemon.json" <<'JSON'
{
    "hosts": ["unix:///run/docker.sock"],
    "features": {"containerd-snapshotter": true},
    "bridge": "none",
    "iptables": false
}
JSON

tar --create --numeric-owner --directory "$root" --file "$out.$$.part" .
mv "$out.$$.part" "$out"
