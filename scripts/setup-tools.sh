#!/bin/sh
# Puts the servers that the demo and the tests run into .tools/<name>/, without root and without starting any service:
# those on PATH when they are new enough, else Debian's own packages, signature-checked by apt and only unpacked.
#
#   sh scripts/setup-tools.sh [name…]      names: see spec() below; without a name those the tests need
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- prometheus-2 prometheus-3 alertmanager redis

# name → suite | version wanted | packages | binaries (the first one's --version decides whether PATH's will do)
# "own" is the machine's suite: what links many libraries must match the machine's C library.
spec() {
  case $1 in
  prometheus-2) echo 'trixie|2.53|prometheus promtool|prometheus promtool' ;;
  prometheus-3) echo 'sid|3|prometheus promtool|prometheus promtool' ;;
  alertmanager) echo 'trixie|0.28|prometheus-alertmanager|alertmanager amtool' ;;
  victoria-metrics) echo 'trixie|1.112|victoria-metrics|victoria-metrics vmauth' ;;
  redis) echo 'own||redis-server|redis-server' ;;
  nginx) echo 'own||nginx|nginx' ;;
  wrk) echo 'own||wrk|wrk' ;;
  *) return 1 ;;
  esac
}
field() { spec "$1" | cut -d'|' -f"$2"; }

# Which versions on PATH are good enough: printed by the first binary, matched as a shell pattern.
acceptable() {
  case "$1:$2" in
  prometheus-2:2.4[5-9].* | prometheus-2:2.5[0-9].* | prometheus-3:3.* | alertmanager:0.2[5-9].* | alertmanager:0.3[0-9].*) ;;
  redis:[6-9].* | nginx:1.* | wrk:4.* | victoria-metrics:*1.*) ;;
  *) return 1 ;;
  esac
}

fail() {
  echo "setup-tools: $1" >&2
  exit 1
}

ready() {
  for binary in $(field "$1" 4); do [ -x ".tools/$1/$binary" ] || return 1; done
}

# Only the 3.x line is optional: the suites that serve it change without notice. Ask again after a day.
is_optional() { [ "$1" = prometheus-3 ]; }
known_absent() { is_optional "$1" && [ -n "$(find .tools -maxdepth 1 -name "absent-$1" -mtime -1 2>/dev/null)" ]; }

missing() {
  for name in "$@"; do
    spec "$name" >/dev/null || fail "there is no tool named $name"
    ready "$name" || known_absent "$name" || printf '%s ' "$name"
  done
}

on_path() { command -v "$1" || command -v "prometheus-$1" || PATH=/usr/sbin:/sbin command -v "$1"; }

# Links the binaries on PATH into .tools/<name> if all are there and new enough.
link_from_path() {
  name=$1
  for binary in $(field "$name" 4); do on_path "$binary" >/dev/null || return 1; done
  first=$(on_path "$(field "$name" 4 | cut -d' ' -f1)")
  version=$({ "$first" --version || "$first" -v; } 2>&1 | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1) || return 1
  acceptable "$name" "$version" || return 1
  mkdir -p ".tools/$name"
  for binary in $(field "$name" 4); do ln -sf "$(on_path "$binary")" ".tools/$name/$binary"; done
}

# The machine's Debian mirror, as its own apt configuration has it.
mirror() {
  arch=$(dpkg --print-architecture)
  apt-get --print-uris update 2>/dev/null |
    sed -n "s,^'\([^']*\)/dists/[^/']*/main/binary-$arch/Packages[^']*'.*,\1,p" | sort -u |
    { grep -E '/debian$' || true; } | head -1
}

# A private apt: own lists and caches under $1, one suite $2, the machine's proxy and transport settings, no hooks.
private_apt() {
  mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial" "$1/etc" "$1/root"
  signed=
  [ ! -f /usr/share/keyrings/debian-archive-keyring.gpg ] || signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] '
  echo "deb $signed$mirror $2 main" >"$1/etc/sources.list"
  {
    apt-config dump | grep -iE '^Acquire::(https?|ftp|tor|forceipv|proxy|retries|socks|check-)' || true
    cat <<CONF
Dir::State "$1/state";
Dir::Cache "$1/cache";
Dir::Etc::sourcelist "$1/etc/sources.list";
Dir::Etc::sourceparts "$1/etc";
Dir::Etc::parts "$1/etc";
Dir::Etc::main "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$1/etc";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "false";
Debug::NoLocking "true";
CONF
  } >"$1/apt.conf"
  export APT_CONFIG="$1/apt.conf"
  apt-get -q -o APT::Update::Error-Mode=any update >"$1/log" 2>&1
}

# Downloads and unpacks one tool's packages into $apt/root.
unpack() {
  name=$1 apt=$2 version=$(field "$1" 2)
  rm -rf "$apt/root" "$apt/cache/archives"
  mkdir -p "$apt/root" "$apt/cache/archives/partial"
  if [ "$(field "$name" 1)" = own ]; then
    # apt compares with what is installed and so fetches only the libraries that are not.
    # shellcheck disable=SC2046 # the words are package names
    apt-get -q -y --no-install-recommends --download-only -o Dir::State::status=/var/lib/dpkg/status \
      install $(field "$name" 3) >>"$apt/log" 2>&1 || return 1
  else
    for package in $(field "$name" 3); do
      (cd "$apt/cache/archives" && apt-get -q download "$package=$version*" >>"$apt/log" 2>&1) || return 1
    done
  fi
  for deb in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$apt/root" || return 1; done
}

# Debian's Alertmanager reads its templates from a fixed path below /usr/share and stops without them. In the unpacked
# copy that path is made relative (same length, so nothing moves), and a wrapper starts it where they are.
relocate_alertmanager() {
  path=usr/share/prometheus/alertmanager
  mkdir -p "$2/bin" "$2/$path"
  cp "$1/$path"/*.tmpl "$2/$path/"
  LC_ALL=C sed "s|/$path|$path/|g" "$2/alertmanager" >"$2/bin/alertmanager"
  # shellcheck disable=SC2016 # for the wrapper to expand
  printf '#!/bin/sh\ncd "$(dirname "$0")" || exit\nexec bin/alertmanager "$@"\n' >"$2/alertmanager"
  chmod 755 "$2/bin/alertmanager" "$2/alertmanager"
}

# Lays .tools/<name> out from the unpacked packages; binaries with libraries of their own get a wrapper.
install_tool() {
  name=$1 root=$2/root out=$2/out/$1
  mkdir -p "$out"
  libs=$(find "$root" -name '*.so.*' -not -path '*/modules/*' 2>/dev/null)
  for binary in $(field "$name" 4); do
    for found in "$root/usr/bin/$binary" "$root/usr/sbin/$binary" "$root/usr/bin/prometheus-$binary"; do
      [ ! -e "$found" ] || break
    done
    [ -n "$libs" ] || { cp -L "$found" "$out/$binary" && continue; }
    mkdir -p "$out/lib" "$out/bin"
    cp -L "$found" "$out/bin/$binary"
    # shellcheck disable=SC2086 # one path a line, none with blanks
    cp -L $libs "$out/lib/"
    # shellcheck disable=SC2016 # for the wrapper to expand
    printf '#!/bin/sh\nhere=$(dirname "$0")\nexport LD_LIBRARY_PATH=$here/lib\nexec "$here/bin/%s" "$@"\n' "$binary" >"$out/$binary"
    chmod 755 "$out/$binary"
  done
  [ "$name" != alertmanager ] || relocate_alertmanager "$root" "$out"
  # Newer suites may ask for a newer C library than this machine has. (wrk exits 1 whatever it is asked.)
  first=$(field "$name" 4 | cut -d' ' -f1)
  [ "$name" = wrk ] || { "$out/$first" --version || "$out/$first" -v; } >/dev/null 2>&1 || return 1
  rm -rf ".tools/$name" && mv "$out" ".tools/$name"
}

# All wanted tools of one suite; they share its package lists.
from_suite() {
  suite=$1 apt=$work/$1
  shift
  codename=$suite
  [ "$suite" != own ] || codename=$own
  lists=fetched
  private_apt "$apt" "$codename" || lists=failed
  for name in "$@"; do
    if [ $lists = fetched ] && unpack "$name" "$apt" && install_tool "$name" "$apt"; then
      echo "setup-tools: $name unpacked from Debian $codename" >&2
    elif is_optional "$name"; then
      [ $lists = failed ] || touch ".tools/absent-$name"
      echo "setup-tools: $name is left out: Debian $codename serves no $(field "$name" 2).x that runs here" >&2
    else
      sed -n 's/^[EW]: /setup-tools: apt: /p' "$apt/log" | tail -3 >&2
      fail "$name is neither on PATH nor to be had from Debian $codename at $mirror; install it or put it on PATH"
    fi
  done
}

wanted=$(missing "$@")
[ -n "$wanted" ] || exit 0

mkdir -p .tools
if command -v flock >/dev/null; then
  exec 9>.tools/.lock
  flock 9
fi

todo=
# shellcheck disable=SC2086 # a list of names
for name in $(missing $wanted); do link_from_path "$name" || todo="$todo $name"; done
[ -n "$todo" ] || exit 0
for program in apt-get dpkg-deb; do
  command -v $program >/dev/null || fail "put these on PATH, there is no Debian apt here to get them from:$todo"
done
mirror=$(mirror)
[ -n "$mirror" ] || fail "this machine's apt configuration names no Debian mirror; put these on PATH:$todo"
# shellcheck disable=SC1091 # on every Debian
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
echo "setup-tools: unpacking$todo from Debian packages" >&2

work=$PWD/.tools/.work
rm -rf "$work" && mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
pids=
for suite in trixie sid own; do
  names=
  for name in $todo; do [ "$(field "$name" 1)" != "$suite" ] || names="$names $name"; done
  # shellcheck disable=SC2086 # a list of names
  [ -z "$names" ] || { from_suite "$suite" $names & pids="$pids $!"; }
done
failed=
for pid in $pids; do wait "$pid" || failed=1; done
[ -z "$failed" ] || exit 1
