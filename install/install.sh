#!/bin/sh
# Installs Porchlight, a SimpleX relay, on Linux with systemd: fetches one
# executable, checks its signature, puts it in place and starts it. Run again,
# it upgrades. `install.sh --help` says what else it can do; docs/install.md
# says where everything lies.
# SPDX-License-Identifier: AGPL-3.0-only
#
# All of it is in functions, and the last line calls the first: of a script that
# was cut while it was downloaded nothing runs.
set -eu

# Where releases lie; the one who makes a release writes it here.
BASE_URL=https://porchlight.example

# Public key of the releases (Ed25519).
public_key() {
  cat <<'KEY'
@PUBLIC_KEY@
KEY
}

usage() {
  cat <<'TEXT'
Installs Porchlight, or upgrades it.

  sh install.sh [OPTIONS]

  --version VERSION   that version and not the newest; an older one too
  --channel CHANNEL   stable (the default) or beta
  --offline FILE      take the executable from FILE; VERSION, SHA256SUMS and
                      SHA256SUMS.sig of the release have to lie beside it
  --base-url URL      take the release from another web server
  --key FILE          trust this public key (PEM) and no other
  --core              run a core and no relay; configure it before it starts
  --no-start          put everything in place and start nothing
  --root DIRECTORY    install into that directory tree, for images of systems
  --dry-run           look and say what would be done, and change nothing
  --uninstall         remove Porchlight; the relay's data stays
  --delete-data       with --uninstall: its data and its address too, for good
  --help              this text
TEXT
}

# --- Words -----------------------------------------------------------------

say() { printf '%s\n' "$@"; }

warn() { printf 'Note: %s\n' "$1" >&2; }

die() {
  printf 'Porchlight is not installed: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

# Runs a command, or says it with --dry-run.
run() {
  if [ "$dry_run" = yes ]; then
    say "  would run: $*"
  else
    "$@"
  fi
}

has() { command -v "$1" >/dev/null 2>&1; }

# --- The machine -----------------------------------------------------------

check_machine() {
  [ "$(uname -s)" = Linux ] ||
    die "it runs on Linux, and this is $(uname -s)."
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) target=x86_64-linux ;;
    aarch64 | arm64) target=aarch64-linux ;;
    arm*)
      die "this processor, or this system, is a 32-bit ARM ($machine), and Porchlight needs 64 bits." \
        "On a Raspberry Pi 3, 4, 5 or Zero 2, install Raspberry Pi OS (64-bit)." \
        "Older ones cannot run it."
      ;;
    *) die "there is no version for this processor ($machine), only for 64-bit Intel, AMD and ARM." ;;
  esac
  if [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 32 ]; then
    die "the processor has 64 bits, but this system is a 32-bit one." \
      "On a Raspberry Pi, install Raspberry Pi OS (64-bit)."
  fi
  pages=$(getconf PAGESIZE 2>/dev/null || echo 4096)
  if [ "$pages" -gt 4096 ]; then
    die "this kernel has memory pages of $pages bytes, and Porchlight needs 4096." \
      "On a Raspberry Pi 5, add the line" \
      "  kernel=kernel8.img" \
      "to /boot/firmware/config.txt, restart the Pi, and try again."
  fi
  if is_musl; then
    die "this system's C library is musl, as Alpine's is, and Porchlight needs glibc." \
      "It runs on Debian, Ubuntu, Fedora and Raspberry Pi OS; on others as a container."
  fi
}

is_musl() {
  for loader in "$root"/lib64/ld-linux-x86-64.so.2 "$root"/lib/ld-linux-aarch64.so.1; do
    [ ! -e "$loader" ] || return 1
  done
  for loader in "$root"/lib/ld-musl-*; do
    [ ! -e "$loader" ] || return 0
  done
  return 1
}

check_system() {
  system=$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\).*/\1/p' "$root/etc/os-release" 2>/dev/null) || system=
  system=${system:-an unknown Linux}
  has systemctl || [ -n "$root" ] ||
    die "it runs under systemd, and this system ($system) has none." \
      "There is a container as well: see docs/install.md."
  [ "$dry_run" = yes ] || [ "$(id -u)" = 0 ] ||
    die "that takes root. Try again with sudo: sudo sh install.sh" \
      "or: curl ... | sudo sh"
  if [ -z "$root" ] && has dpkg-query &&
    dpkg-query -W -f '${db:Status-Status}' porchlight 2>/dev/null | grep -qx installed; then
    die "it is here already, as a Debian package." \
      "Upgrade it with that package, or remove it first: sudo apt remove porchlight"
  fi
}

# Installs what is missing with the system's own packages.
check_packages() {
  missing=
  has openssl || missing="$missing openssl"
  has_library libssl.so.3 || missing="$missing libssl"
  # The addon for cryptography is written in C++.
  has_library libstdc++.so.6 || missing="$missing libstdc++"
  if [ -z "$offline" ] && [ "$action" = install ] && ! has curl && ! has wget; then
    missing="$missing curl"
  fi
  [ -n "$missing" ] || return 0
  if [ -n "$root" ] || ! package_names; then
    die "this system ($system) lacks:$missing." "Install that, and try again."
  fi
  say "Installing what is missing:$names"
  # shellcheck disable=SC2086 # several words
  run $install_packages $names || die "this system's package manager could not install:$names"
  [ "$dry_run" = yes ] || has_library libssl.so.3 ||
    die "this system ($system) has no OpenSSL 3, so it is too old." \
      "Porchlight needs Debian 12, Ubuntu 22.04, Fedora 36, Raspberry Pi OS 12, or newer."
}

has_library() {
  for directory in "$root"/usr/lib/*-linux-gnu "$root"/usr/lib64 "$root"/lib/*-linux-gnu \
    "$root"/lib64 "$root"/usr/lib "$root"/usr/local/lib64 "$root"/usr/local/lib; do
    [ ! -e "$directory/$1" ] || return 0
  done
  return 1
}

# Sets $install_packages and $names to the system's own words for $missing.
package_names() {
  names=
  if has apt-get; then
    install_packages="apt-get install -y --no-install-recommends"
    run apt-get update -q
    libssl=libssl3 libstdc=libstdc++6
  elif has dnf; then
    install_packages="dnf install -y"
    libssl=openssl-libs libstdc=libstdc++
  elif has zypper; then
    install_packages="zypper --non-interactive install"
    libssl=libopenssl3 libstdc=libstdc++6
  else
    return 1
  fi
  for name in $missing; do
    case $name in
      libssl) names="$names $libssl" ;;
      libstdc++) names="$names $libstdc" ;;
      *) names="$names $name" ;;
    esac
  done
}

# --- The release -----------------------------------------------------------

# Fetches $1 to the file $2.
fetch() {
  if has curl; then
    curl --fail --silent --show-error --location --retry 3 --retry-delay 2 \
      --connect-timeout 30 --output "$2" "$1"
  else
    wget --quiet --tries 3 --timeout 30 --output-document "$2" "$1"
  fi || die "cannot download $1" "Is this machine online? Try again later."
}

# Gets the release into $work and checks it; sets $version.
get_release() {
  if [ -n "$offline" ]; then
    beside=$(dirname -- "$offline")
    for file in VERSION SHA256SUMS SHA256SUMS.sig; do
      [ -f "$beside/$file" ] ||
        die "beside $offline there is no $file." \
          "Get all four files of the release into one directory."
      cp "$beside/$file" "$work/$file"
    done
    cp "$offline" "$work/porchlight-$target" || die "cannot read $offline"
  else
    folder=${wanted_version:-$channel}
    say "Fetching Porchlight ($folder, $target) ..."
    for file in VERSION SHA256SUMS SHA256SUMS.sig; do
      fetch "$base_url/$folder/$file" "$work/$file"
    done
  fi
  check_signature
  check_sum VERSION
  version=$(cat "$work/VERSION")
  case $version in
    [0-9]*.[0-9]*.[0-9]*) ;;
    *) die "the release has no proper version number." ;;
  esac
  case $version in
    *[!0-9A-Za-z.+-]*) die "the release has no proper version number." ;;
  esac
  [ -z "$wanted_version" ] || [ "$version" = "$wanted_version" ] ||
    die "version $wanted_version was asked for, and this is $version."
  [ -n "$offline" ] || {
    # Nothing to do where it runs already.
    [ "$version" != "$(installed_version)" ] || return 0
    fetch "$base_url/$version/porchlight-$target" "$work/porchlight-$target"
  }
  check_sum "porchlight-$target"
}

check_signature() {
  if [ -n "$key" ]; then
    cp "$key" "$work/key.pem" || die "cannot read the key $key"
  else
    public_key >"$work/key.pem"
  fi
  grep -q 'BEGIN PUBLIC KEY' "$work/key.pem" ||
    die "this install.sh has no key to check releases with." \
      "Take the one of a release, or name a key that you trust: --key FILE"
  openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin \
    -in "$work/SHA256SUMS" -sigfile "$work/SHA256SUMS.sig" >/dev/null 2>&1 ||
    die "the signature of the release is wrong. Nothing of it was run." \
      "Somebody may have changed it on its way. Please report it."
}

# Compares the file $1 in $work with its line in SHA256SUMS.
check_sum() {
  line=$(grep -E "^[0-9a-f]{64}  $1\$" "$work/SHA256SUMS") ||
    die "the release has no $1."
  (cd "$work" && printf '%s\n' "$line" | sha256sum -c >/dev/null 2>&1) ||
    die "$1 is damaged or was changed. Nothing of it was run." "Try again."
}

# --- In place --------------------------------------------------------------

installed_version() {
  basename -- "$(readlink "$programs/current" 2>/dev/null)" 2>/dev/null || true
}

# Whether version $1 is older than version $2. "~" sorts before nothing, as a
# pre-release comes before its release.
is_older() {
  [ "$1" != "$2" ] &&
    [ "$(printf '%s\n%s\n' "$1" "$2" | sed 's/-/~/' | sort -V | head -n 1 | sed 's/~/-/')" = "$1" ]
}

check_room() {
  place=$programs
  while [ ! -d "$place" ]; do place=$(dirname -- "$place"); done
  free=$(df -Pk "$place" | awk 'NR == 2 { print $4 }')
  [ "${free:-0}" -ge 300000 ] ||
    die "there is too little room on the disk of $place: 300 MB are needed."
}

# Writes standard input to the file $1 where it differs from what is there.
write_file() {
  cat >"$work/file"
  if cmp -s "$work/file" "$root$1"; then return 0; fi
  if [ "$dry_run" = yes ]; then
    say "  would write: $1"
    return 0
  fi
  mkdir -p "$(dirname -- "$root$1")"
  cp "$work/file" "$root$1.new"
  chmod 644 "$root$1.new"
  mv "$root$1.new" "$root$1"
}

# The files of systemd, a call of write_file each.
write_units() {
  : @UNITS@
}

make_user() {
  if grep -q '^porchlight:' "$root/etc/passwd"; then return 0; fi
  if has systemd-sysusers; then
    run systemd-sysusers ${root:+"--root=$root"} porchlight.conf
  else
    run useradd ${root:+--root "$root"} --system --user-group --no-create-home \
      --home-dir /var/lib/porchlight --shell /usr/sbin/nologin porchlight
  fi
}

make_directories() {
  if has systemd-tmpfiles; then
    run systemd-tmpfiles ${root:+"--root=$root"} --create porchlight.conf
  fi
}

# Puts the executable in place; what runs now stays as it is.
place_version() {
  if cmp -s "$work/porchlight-$target" "$programs/versions/$version/porchlight"; then
    return 0
  fi
  new=$programs/versions/.$version.new
  if [ "$dry_run" = yes ]; then
    say "  would put in place: $programs/versions/$version/porchlight"
    return 0
  fi
  rm -rf "$new"
  mkdir -p "$new/unpacked"
  chmod 755 "$programs" "$programs/versions" "$new" "$new/unpacked"
  cp "$work/porchlight-$target" "$new/porchlight"
  chmod 755 "$new/porchlight"
  if [ -z "$root" ]; then
    # The first time that it runs.
    "$new/porchlight" version >"$work/answer" 2>&1 || {
      answer=$(head -n 5 "$work/answer")
      rm -rf "$new"
      die "it does not run on this system ($system):" "$answer"
    }
  fi
  sync "$new/porchlight" "$new" 2>/dev/null || sync
  rm -rf "$programs/versions/$version"
  mv "$new" "$programs/versions/$version"
}

# Makes $2 a symbolic link to $1, in one step.
link() {
  [ "$(readlink "$2" 2>/dev/null)" != "$1" ] || return 0
  run ln -sfn "$1" "$2.new"
  run mv -T "$2.new" "$2"
}

switch_version() {
  before=$(installed_version)
  link "versions/$version" "$programs/current"
  if [ -n "$before" ] && [ "$before" != "$version" ]; then
    link "versions/$before" "$programs/previous"
  fi
  run mkdir -p "$root/usr/bin"
  link ../libexec/porchlight/current/porchlight "$root/usr/bin/porchlight"
  [ "$dry_run" = no ] || return 0
  sync "$programs" 2>/dev/null || sync
  for path in "$programs"/versions/*; do
    name=$(basename -- "$path")
    case $name in
      "$version" | "${before:-$version}") ;;
      "$(basename -- "$(readlink "$programs/previous" 2>/dev/null)" 2>/dev/null)") ;;
      *) rm -rf "$path" ;;
    esac
  done
}

write_settings() {
  printf '%s\n' "base_url=$base_url" "channel=$channel" "installed_by=install.sh" |
    write_file /etc/porchlight/install.conf
}

start_units() {
  timer=porchlight-update.timer
  units=$unit
  if [ -e "$root/etc/systemd/system/$timer" ]; then units="$unit $timer"; else timer=; fi
  if [ -n "$root" ]; then
    # shellcheck disable=SC2086 # several words
    [ "$start" = no ] || run systemctl --root="$root" enable --quiet $units
    return 0
  fi
  if ! [ -d /run/systemd/system ]; then
    # shellcheck disable=SC2086
    [ "$start" = no ] || run systemctl enable --quiet $units
    warn "systemd does not run here: Porchlight starts when the system does."
    start=no
    return 0
  fi
  run systemctl daemon-reload
  [ "$start" = yes ] || return 0
  # shellcheck disable=SC2086
  run systemctl enable --quiet $units
  if systemctl is-active --quiet "$unit"; then
    [ "$changed" = no ] || run systemctl restart "$unit"
  else
    run systemctl start "$unit"
  fi || die_unstarted
  [ -z "$timer" ] || run systemctl start "$timer"
}

die_unstarted() {
  printf '%s\n' "Porchlight $version is in place, but does not start:" >&2
  journalctl --unit "$unit" --lines 20 --no-pager --output cat >&2 || true
  exit 1
}

# --- What the owner sees ---------------------------------------------------

closing_words() {
  if [ "$dry_run" = yes ]; then
    say "Nothing was changed."
    return 0
  fi
  say "" "Porchlight $version is installed${before:+ (before: $before)}."
  [ "$start" = yes ] || return 0
  if [ "$unit" = porchlight.service ]; then
    say "The address of your relay:" ""
    "$programs/current/porchlight" address --data /var/lib/porchlight || true
    say "" "As a QR code:     sudo porchlight address --qr" \
      "How it is:        sudo porchlight status" \
      "What is wrong:    sudo porchlight doctor"
    firewall_hint
  fi
}

# Opens nothing by itself: the owner may have a reason.
firewall_hint() {
  if has ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then
    say "" "This machine has a firewall. Let apps through it:" "  sudo ufw allow 5223/tcp"
  elif has firewall-cmd && firewall-cmd --state >/dev/null 2>&1; then
    say "" "This machine has a firewall. Let apps through it:" \
      "  sudo firewall-cmd --permanent --add-port=5223/tcp && sudo firewall-cmd --reload"
  fi
}

# --- Removal ---------------------------------------------------------------

uninstall() {
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    for name in porchlight-update.timer porchlight-update.service porchlight.service \
      porchlight-core.service; do
      [ ! -e "/etc/systemd/system/$name" ] || run systemctl disable --now --quiet "$name" || true
    done
  fi
  for path in etc/systemd/system/porchlight.service etc/systemd/system/porchlight-core.service \
    etc/systemd/system/porchlight-update.service etc/systemd/system/porchlight-update.timer \
    etc/systemd/system/multi-user.target.wants/porchlight.service \
    etc/systemd/system/multi-user.target.wants/porchlight-core.service \
    etc/systemd/system/timers.target.wants/porchlight-update.timer \
    etc/sysusers.d/porchlight.conf etc/tmpfiles.d/porchlight.conf \
    etc/porchlight usr/bin/porchlight usr/libexec/porchlight \
    var/cache/porchlight var/cache/porchlight-core var/lib/porchlight-update; do
    if [ -e "$root/$path" ] || [ -L "$root/$path" ]; then run rm -rf "$root/$path"; fi
  done
  [ -n "$root" ] || ! [ -d /run/systemd/system ] || run systemctl daemon-reload
  if [ "$delete_data" = yes ]; then
    run rm -rf "$root/var/lib/porchlight" "$root/var/lib/porchlight-core"
    if [ -z "$root" ] && grep -q '^porchlight:' /etc/passwd; then run userdel porchlight; fi
    say "Porchlight is removed, with its data."
  else
    say "Porchlight is removed. The relay's keys and messages are still in" \
      "/var/lib/porchlight: installed again, it is the same relay. To delete them:" \
      "  sudo rm -rf /var/lib/porchlight && sudo userdel porchlight"
  fi
}

# --- All of it -------------------------------------------------------------

read_options() {
  action=install wanted_version='' channel=stable offline='' base_url=$BASE_URL key='' root=''
  unit=porchlight.service start=yes dry_run=no delete_data=no
  while [ $# -gt 0 ]; do
    case $1 in
      --version | --channel | --offline | --base-url | --key | --root)
        [ $# -ge 2 ] || die "$1 needs a value." "sh install.sh --help"
        case $1 in
          --version) wanted_version=${2#v} ;;
          --channel) channel=$2 ;;
          --offline) offline=$2 ;;
          --base-url) base_url=${2%/} ;;
          --key) key=$2 ;;
          --root) root=${2%/} ;;
        esac
        shift
        ;;
      --core) unit=porchlight-core.service start=no ;;
      --no-start) start=no ;;
      --dry-run) dry_run=yes ;;
      --uninstall) action=uninstall ;;
      --delete-data) delete_data=yes ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) die "\"$1\" is no option of this script." "sh install.sh --help" ;;
    esac
    shift
  done
  case $channel in
    stable | beta) ;;
    *) die "there is no channel \"$channel\", only stable and beta." ;;
  esac
  [ "$delete_data" = no ] || [ "$action" = uninstall ] ||
    die "--delete-data goes with --uninstall."
  programs=$root/usr/libexec/porchlight
}

install_porchlight() {
  check_packages
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  get_release
  before=$(installed_version)
  if [ -n "$before" ] && is_older "$version" "$before" && [ -z "$wanted_version" ]; then
    die "version $before is here, which is newer than $version." \
      "To go back to the older one: --version $version"
  fi
  changed=no
  [ "$version" = "$before" ] || changed=yes
  check_room
  [ "$changed" = no ] || say "Installing Porchlight $version${before:+ over $before} on $system ..."
  write_units
  make_user
  make_directories
  [ "$changed" = no ] || place_version
  before_switch=$before
  switch_version
  before=$before_switch
  write_settings
  start_units
  closing_words
}

main() {
  read_options "$@"
  if [ "$action" = uninstall ]; then
    check_system
    uninstall
    return
  fi
  check_machine
  check_system
  install_porchlight
}

main "$@"
