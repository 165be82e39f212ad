#!/bin/sh
# Porchlight @VERSION@, commit @COMMIT@, for @TARGET@: one file with all that it
# runs on. The first time, it unpacks itself into a directory; then it only
# starts what lies there. Below the last line of this script come the
# compressed files.
# SPDX-License-Identifier: AGPL-3.0-only
set -eu

id=@ID@
machine=@MACHINE@

die() {
  printf 'porchlight: %s\n' "$@" >&2
  exit 126
}

# Directories that may hold the unpacked files, the best first. The first is
# made by whoever installs Porchlight for all users of a machine.
candidates() {
  printf '%s\n' "$home/unpacked"
  caches
}

# Those of this user.
caches() {
  [ -z "${PORCHLIGHT_CACHE:-}" ] || printf '%s\n' "$PORCHLIGHT_CACHE"
  [ -z "${CACHE_DIRECTORY:-}" ] || printf '%s\n' "${CACHE_DIRECTORY%%:*}"
  [ -z "${XDG_CACHE_HOME:-}" ] || printf '%s\n' "$XDG_CACHE_HOME/porchlight"
  [ -z "${HOME:-}" ] || printf '%s\n' "$HOME/.cache/porchlight"
  printf '%s\n' "${TMPDIR:-/tmp}/porchlight-$(id -u)"
}

# Whether nobody but this user and root decides what lies in a directory.
# shellcheck disable=SC3067 # every sh of a Linux system knows -O
is_own() {
  [ -d "$1" ] && [ -O "$1" ] && [ ! -L "$1" ]
}

# Whoever can write beside the executable could as well replace it.
is_trusted() {
  [ "$1" = "$home/unpacked" ] || is_own "$1/$id"
}

# Makes a cache directory that only this user can read; silent when it cannot.
make_own() {
  is_own "$1" && [ -w "$1" ] && return 0
  [ -e "$1" ] && return 1
  (umask 077 && mkdir -p "$1") 2>/dev/null && is_own "$1"
}

# One of the compressed files: name, offset, length, mode, SHA-256.
# shellcheck disable=SC2317 # the build calls it below
unpack_file() {
  tail -c "+$2" "$self" | head -c "$3" | gzip -dc >"$new/$1" &&
    chmod "$4" "$new/$1" &&
    printf '%s  %s\n' "$5" "$new/$1" | sha256sum -c >/dev/null
}

unpack_files() {
@FILES@
}

# Unpacks into a new directory of $1 and renames it when it is complete, so that
# neither a power cut nor a second start sees half of it.
unpack() {
  new=$(mktemp -d "$1/.new.XXXXXX" 2>/dev/null) || return 1
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT TERM HUP
  if unpack_files 2>"$new/errors"; then
    rm -f "$new/errors"
    [ "$1" != "$home/unpacked" ] || chmod 755 "$new"
    sync "$new"/* "$new" 2>/dev/null || sync
    # Somebody else may have been faster.
    mv -T "$new" "$1/$id" 2>/dev/null || [ -x "$1/$id/porchlight" ] || return 1
  else
    why=$(head -n 1 "$new/errors")
    why="$1: ${why:-$self is damaged}"
    rm -rf "$new"
    trap - EXIT INT TERM HUP
    return 1
  fi
  rm -rf "$new"
  trap - EXIT INT TERM HUP
}

# Sets $files to the directory with the unpacked files.
find_files() {
  oldifs=$IFS
  IFS='
'
  set -f
  # shellcheck disable=SC2046 # one directory a line
  set -- $(candidates)
  set +f
  IFS=$oldifs
  for place; do
    files=$place/$id
    if [ -x "$files/porchlight" ] && is_trusted "$place"; then return 0; fi
  done
  [ "$(uname -m)" = "$machine" ] ||
    die "This is Porchlight for $machine, and this machine is $(uname -m)."
  why=
  for place; do
    if [ "$place" = "$home/unpacked" ]; then
      [ -w "$place" ] || continue
    else
      make_own "$place" || continue
    fi
    unpack "$place" || continue
    files=$place/$id
    # Not so on a disk that may hold no programs (noexec).
    [ ! -x "$files/porchlight" ] || return 0
  done
  die "Cannot unpack itself: there is no directory that it may write to and run from." \
    ${why:+"$why."} \
    "It needs about @MEGABYTES@ MB. Name one with PORCHLIGHT_CACHE=DIRECTORY."
}

# Where Deno keeps compiled code, which halves the time of a start: a
# directory of this user, for the code is run.
use_code_cache() {
  [ -z "${DENO_DIR:-}" ] || return 0
  if [ "${files%/*}" != "$home/unpacked" ] || [ -w "$files" ]; then
    DENO_DIR=$files/compiled
  else
    oldifs=$IFS
    IFS='
'
    for place in $(caches); do
      make_own "$place" || continue
      DENO_DIR=$place/compiled
      break
    done
    IFS=$oldifs
  fi
  export DENO_DIR="${DENO_DIR:-$files/compiled}"
}

main() {
  self=$(readlink -f -- "$0")
  home=${self%/*}
  find_files
  use_code_cache
  export DENO_NO_UPDATE_CHECK=1
  exec "$files/porchlight" run --quiet --no-config --no-lock --cached-only \
    @FLAGS@ "$files/@ENTRY@" "$@"
}

main "$@"
exit
