#!/bin/sh
# Installs the locked packages when they are not the ones in node_modules; silent and quick otherwise.
# npm runs this before `npm start` and `npm test`, so a bare clone needs no other step.
set -eu
cd "$(dirname "$0")/.."

# The system's own Node runs this script: Node 24, which runs everything else, is itself one of the packages.
fail() {
  echo "setup: $1" >&2
  exit 1
}
installed_node() { [ -x node_modules/.bin/node ] || node -e 'process.exit(+process.versions.node.split(".")[0] < 24)'; }

want=$(sha256sum <package-lock.json)
stamped() { [ -f node_modules/.setup-stamp ] && [ "$(cat node_modules/.setup-stamp)" = "$want" ]; }
if stamped && installed_node; then exit 0; fi

# One installer at a time; the lock file itself is the one path that `npm ci` never replaces.
if command -v flock >/dev/null; then
  exec 9<package-lock.json
  flock 9
  if stamped && installed_node; then exit 0; fi
fi

# After a hand-run `npm install` the packages are right already and only the stamp is behind.
if ! node scripts/installed.mjs; then
  started=$(date +%s)
  echo "setup: installing the locked packages (the first time takes about half a minute)" >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
    fail "installing the locked packages failed: npm's reason is above (is the package registry reachable and the folder writable?)"
  echo "setup: packages installed in $(($(date +%s) - started)) s" >&2
fi
installed_node || fail "no Node 24 for this platform in the locked packages: install Node 24.12 or later yourself"
echo "$want" >node_modules/.setup-stamp
