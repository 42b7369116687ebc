# What the scripts in scripts/peers have in common; they source it, it does nothing by itself.
# Everything it makes is a throw-away: shops in a temporary folder that goes with the script, tools under target/peers.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
# PEERS_PROGRAM: judge this program instead of the one that is built here.
PROGRAM=${PEERS_PROGRAM:-$TARGET/debug/tradepost}
CACHE=$ROOT/target/peers
WORK=$(mktemp -d "${TMPDIR:-/tmp}/tradepost-peers.XXXXXX")
OWNER=boss
OWNER_PASSWORD='peers try this shop'
STARTED=()

# Stops what this script started and what still runs, and nothing else, in the opposite order.
clean_up() {
  local status=$? at
  for ((at = ${#STARTED[@]} - 1; at >= 0; at--)); do
    stop "${STARTED[at]}"
  done
  if [ "$status" != 0 ] && [ -n "${PEERS_KEEP:-}" ]; then
    echo "What was made is kept in $WORK" >&2
  else
    rm -rf "$WORK"
  fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Politely, and after half a minute not. A number that is no running child of ours may be anybody's by now.
stop() { # PID
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    jobs -pr | grep -qx "$1" || return 0
    [ "$tries" != 0 ] || kill -TERM "$1" 2>/dev/null || true
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
}

say() { echo "    $*"; }

fail() {
  echo "$*" >&2
  exit 1
}

# As root on Debian or Ubuntu packages come by apt-get; elsewhere the sentence says what is missing.
install_packages() { # SENTENCE PACKAGE...
  local sentence=$1
  shift
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "$sentence"
  fi
  echo "Installing $* with apt-get." >&2
  DEBIAN_FRONTEND=noninteractive apt-get update >&2
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@" >&2
}

build_program() {
  [ -n "${PEERS_PROGRAM:-}" ] || (cd "$ROOT" && "${CARGO:-cargo}" build --quiet --locked -p tradepost-api)
}

# Python's tools, as scripts/peers-python.txt pins them: $PYTHON/bin.
use_python() {
  local enough='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
  local sentence="Python 3.11 or newer with venv is needed (Debian, Ubuntu: sudo apt-get install python3-venv)."
  if ! python3 -c "$enough" 2>/dev/null; then
    install_packages "$sentence" python3 python3-venv
    python3 -c "$enough" || fail "$sentence"
  fi
  PYTHON=$CACHE/python
  local wanted=$ROOT/scripts/peers-python.txt
  if ! cmp -s "$wanted" "$PYTHON/installed.txt"; then
    rm -rf "$PYTHON"
    python3 -m venv "$PYTHON"
    "$PYTHON/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$wanted"
    "$PYTHON/bin/pip" check --disable-pip-version-check >/dev/null
    cp "$wanted" "$PYTHON/installed.txt"
  fi
}

# Node's tools, as scripts/peers-node/package-lock.json pins them: $NODE/node_modules/.bin.
use_node() {
  local enough='const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
  local sentence="Node 20.19 or newer with npm is needed (Debian 13: sudo apt-get install nodejs npm)."
  if ! { command -v npm && node -e "$enough"; } >/dev/null 2>&1; then
    install_packages "$sentence" nodejs npm
    node -e "$enough" || fail "$sentence"
  fi
  NODE=$CACHE/node
  local wanted=$ROOT/scripts/peers-node
  if ! cmp -s "$wanted/package-lock.json" "$NODE/installed.json"; then
    rm -rf "$NODE"
    mkdir -p "$NODE"
    cp "$wanted/package.json" "$wanted/package-lock.json" "$NODE"
    # Scripts of packages are not run: none of these needs one.
    (cd "$NODE" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$wanted/package-lock.json" "$NODE/installed.json"
  fi
}

# An empty folder for what a script generates.
fresh_folder() { # NAME
  rm -rf "${CACHE:?}/$1"
  mkdir -p "$CACHE/$1"
  echo "$CACHE/$1"
}

# Runs the program in a shop's folder with that shop's settings and no others.
tradepost() { # SHOP ARGUMENT...
  local folder=$WORK/$1 settings
  shift
  mapfile -t settings <"$folder/settings"
  (cd "$folder" && env -i PATH="$PATH" "${settings[@]}" "$PROGRAM" "$@")
}

# Makes a shop with an owner. URL: none for SQLite. Further settings as NAME=VALUE.
make_shop() { # SHOP URL [SETTING...]
  local shop=$1 url=$2 folder=$WORK/$1
  shift 2
  mkdir -p "$folder"
  printf '%s\n' "DATABASE_URL=${url:-sqlite://$folder/shop.db}" TRADEPOST_BIND=127.0.0.1:0 TRADEPOST_LOG=warn,actix_http::h1=off \
    TRADEPOST_PHONE_COUNTRY=KE TRADEPOST_SECRET_KEY=peers-peers-peers-peers-peers-peers "$@" >"$folder/settings"
  tradepost "$shop" migrate >/dev/null
  printf %s "$OWNER_PASSWORD" | tradepost "$shop" user create --role owner --username "$OWNER" \
    --email boss@shop.example --password-stdin >/dev/null
}

# Serves a shop on a free port: ADDRESS.
serve() { # SHOP
  local folder=$WORK/$1 settings tries
  mapfile -t settings <"$folder/settings"
  : >"$folder/out"
  (trap - EXIT INT TERM && cd "$folder" && exec env -i PATH="$PATH" "${settings[@]}" "$PROGRAM" serve) \
    >"$folder/out" 2>"$folder/log" &
  STARTED+=($!)
  for ((tries = 0; tries < 600; tries++)); do
    ADDRESS=$(sed -n 's|.*listening on \(http://[^ /]*\).*|\1|p' "$folder/out")
    [ -n "$ADDRESS" ] && return
    kill -0 "${STARTED[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  cat "$folder/log" >&2
  fail "The program did not say that it listens."
}

# What a server said of itself, which must be nothing: it logs warnings and errors only.
must_be_silent() { # SHOP
  [ ! -s "$WORK/$1/log" ] && return
  cat "$WORK/$1/log" >&2
  fail "The server had something to complain about."
}

# Where PostgreSQL hides its server programs; scripts/ensure-postgres looks in the same places.
postgres_programs() {
  local folder
  for folder in "$(dirname "$(command -v initdb || true)")" "$(pg_config --bindir 2>/dev/null || true)" \
    /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      echo "$folder"
      return
    fi
  done
}

# A throw-away PostgreSQL on a free port: POSTGRES_URL.
start_postgres() {
  "$ROOT/scripts/ensure-postgres" --server
  local programs port folder=$WORK/postgres as=()
  programs=$(postgres_programs)
  # PostgreSQL refuses to run as root.
  if [ "$(id -u)" = 0 ]; then
    local user
    user=$(id -un postgres 2>/dev/null || echo nobody)
    as=(setpriv "--reuid=$user" "--regid=$(id -gn "$user")" --clear-groups)
    chmod 755 "$WORK"
    install -d -m 700 -o "$user" "$folder"
  fi
  (cd / && "${as[@]}" "$programs/initdb" -D "$folder/data" -U shop --auth=trust -E UTF8 --no-locale >/dev/null)
  port=$(free_port)
  : >"$WORK/postgres.log"
  (trap - EXIT INT TERM && cd / && exec "${as[@]}" "$programs/postgres" -D "$folder/data" -k '' -h 127.0.0.1 -p "$port" -c fsync=off) \
    >"$WORK/postgres.log" 2>&1 &
  STARTED+=($!)
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    if grep -q 'ready to accept connections' "$WORK/postgres.log"; then
      POSTGRES_URL=postgres://shop@127.0.0.1:$port/postgres
      return
    fi
    sleep 0.1
  done
  cat "$WORK/postgres.log" >&2
  fail "PostgreSQL did not start."
}

# A port that nobody listens on now, of those that the system does not hand out itself.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}
