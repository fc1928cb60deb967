#!/bin/sh
# Fetches the peers that Debian's stable release does not have, crane and oras, from its unstable one, for the bench to measure
# beside. They go to .bench/peers/bin, where the bench finds them; nothing is installed. They need nothing but libc6. Safe to run again.
set -eu

packages='crane oras'
mirror='https://deb.debian.org/debian'
architecture=$(dpkg --print-architecture)

cd "$(dirname "$0")/.."
bin=.bench/peers/bin
mkdir -p "$bin"
work=$(mktemp -d .bench/peers/fetch-XXXXXX)
trap 'rm -rf "$work"' EXIT

fetch() {
  curl --fail --silent --show-error --location --retry 3 --proto '=https' --output "$2" "$1"
}

# PACKAGE FIELD: of the package's paragraph in the index.
field() {
  awk -v package="$1" -v field="$2:" '
    $1 == "Package:" { wanted = $2 == package }
    wanted && $1 == field { print $2; exit }
  ' "$work/Packages"
}

fetch "$mirror/dists/sid/main/binary-$architecture/Packages.xz" "$work/Packages.xz"
xz --decompress "$work/Packages.xz"

for package in $packages; do
  version=$(field "$package" Version)
  file=$(field "$package" Filename)
  sha256=$(field "$package" SHA256)
  if [ -z "$version" ] || [ -z "$file" ] || [ -z "$sha256" ]; then
    echo "bench-peers: Debian's unstable release has no $package for $architecture" >&2
    exit 1
  fi
  if [ -x "$bin/$package" ] && [ "$(cat "$bin/$package.version" 2>/dev/null)" = "$version" ]; then
    echo "bench-peers: $package $version is there"
    continue
  fi
  fetch "$mirror/$file" "$work/$package.deb"
  echo "$sha256  $work/$package.deb" | sha256sum --check --quiet --strict -
  dpkg-deb --extract "$work/$package.deb" "$work/$package"
  rm -f "$bin/$package.version"
  mv -f "$work/$package/usr/bin/$package" "$bin/$package"
  # Debian's crane does not know its own version.
  echo "$version" >"$bin/$package.version"
  echo "bench-peers: $package $version fetched"
done
