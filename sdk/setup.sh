#!/bin/sh
# Finds what is missing of sdk/packages.txt and installs it: `toro setup` and the first use of any command.
#   setup.sh [--check] [GROUP...]      --check only answers (status 0: nothing is missing), installs nothing
# TORO_NO_INSTALL=1 in the environment forbids installing.
set -u
sdk=$(cd "$(dirname "$0")/.." && pwd)
list=$sdk/sdk/packages.txt
check=no
if [ "${1-}" = --check ]; then
  check=yes
  shift
fi
[ $# -gt 0 ] || set -- build run debug

fail() {
  echo "toro setup: $*" >&2
  exit 1
}

for group in "$@"; do
  grep -q "^$group *|" "$list" && continue
  echo "toro setup: unknown group '$group': expected one of $(sed -n 's/^\([a-z]*\) *|.*/\1/p' "$list" | sort -u | tr '\n' ' ')" >&2
  exit 2
done

versions=$(sed -n 's/^llvm //p' "$list")
llvm=${versions%% *}
for version in $versions; do
  if command -v "clang-$version" >/dev/null 2>&1; then
    llvm=$version
    break
  fi
done

# Sets `missing` to the packages whose check fails.
find_missing() {
  missing=
  while read -r groups bar package bar check_of rest; do
    [ "$bar" = '|' ] || continue
    case " $* " in *" $groups "*) ;; *) continue ;; esac
    case $check_of in
      cmd:*) command -v "${check_of#cmd:}" >/dev/null 2>&1 && continue ;;
      file:*) [ -e "${check_of#file:}" ] && continue ;;
    esac
    case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
  done <<END
$(sed "s/@/$llvm/g" "$list")
END
  missing=${missing# }
}

find_missing "$@"
if [ -z "$missing" ]; then
  [ $check = yes ] || echo "toro setup: nothing is missing for: $*" >&2
  exit 0
fi
if [ $check = yes ]; then
  echo "$missing"
  exit 1
fi
by_hand="install them by hand (names are Debian's): $missing"
[ -z "${TORO_NO_INSTALL-}" ] || fail "packages are missing and TORO_NO_INSTALL is set; $by_hand"
command -v apt-get >/dev/null 2>&1 || fail "packages are missing and this system has no apt-get; $by_hand"
as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || fail "packages are missing, and neither root nor sudo is at hand; $by_hand"
  as_root=sudo
  echo "toro setup: sudo is used for: apt-get install $missing" >&2
fi

mkdir -p "$sdk/build" || exit 1
log=$sdk/build/setup.log
: >"$log" || exit 1
echo "toro setup: installing $missing (log: $log)" >&2
get() {
  echo "+ apt-get $*" >>"$log"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 "$@" </dev/null >>"$log" 2>&1
}
give_up() {
  tail -n 15 "$log" >&2
  fail "$1; the whole log is in $log"
}

known=yes
for package in $missing; do
  apt-cache show "$package" >/dev/null 2>&1 || known=no
done
[ $known = yes ] || get update || give_up 'apt-get update failed'
# A list that is too old names versions that the mirror has no more: then once again with a new list.
# shellcheck disable=SC2086
get install -y --no-install-recommends $missing ||
  { [ $known = yes ] && get update && get install -y --no-install-recommends $missing; } ||
  give_up "apt-get could not install: $missing"
hash -r
asked=$missing
find_missing "$@"
[ -z "$missing" ] || fail "apt-get installed its packages ($asked), yet these are still not found: $missing; log: $log"
echo "toro setup: installed $asked" >&2
