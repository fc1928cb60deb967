#!/bin/sh
# Installs the real programs that the tests run: registries, judges, a browser. Safe to run again.
# No service is left running: the tests start their own, on loopback ports, and end them.
set -eu

packages='
  docker-registry nginx-light redis-server
  skopeo umoci busybox-static
  openssl ca-certificates tar
  chromium
'

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=''
for package in $packages; do
  is_installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo 'debian-packages: all there'
  exit 0
fi
echo "debian-packages: installing$missing"

as_root=''
if [ "$(id -u)" != 0 ]; then
  as_root='sudo'
fi

# Debian starts what it installs, unless policy-rc.d forbids it (policy-rc.d's exit code 101).
policy=/usr/sbin/policy-rc.d
own_policy=''
forbid_starting() {
  if [ ! -e "$policy" ]; then
    own_policy=yes
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
  fi
}
allow_starting() {
  [ -z "$own_policy" ] || $as_root rm -f "$policy"
}
trap allow_starting EXIT
forbid_starting

$as_root apt-get update --quiet
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $missing

# Nor at the next start of the machine: only what was installed just now.
if [ -d /run/systemd/system ]; then
  for service in docker-registry nginx redis-server; do
    case "$missing " in
      *" $service"*) $as_root systemctl disable --now "$service" || true ;;
    esac
  done
fi
