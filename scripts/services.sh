# shellcheck shell=bash
# Starting and stopping PostgreSQL and Redis servers of our own; sourced by dev-server and with-services.

# Tools that scripts/setup has installed; the machine's own come first.
# shellcheck disable=SC2154 # root is set by who sources this
PATH=$PATH:$root/.dev/tools/bin

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# --- finding the programs -----------------------------------------------------------------------
# Sets pg_bin: the directory of postgres, initdb, psql and pg_isready, version 15 or newer.
find_postgres() {
    local directory version
    for directory in "${FOLKSHELF_TEST_POSTGRES_BIN:-}" /usr/lib/postgresql/15/bin \
        "$(dirname "$(command -v initdb || echo /none/x)")" "$(pg_config --bindir 2>/dev/null || true)" \
        /usr/lib/postgresql/*/bin; do
        [[ -x $directory/initdb && -x $directory/postgres ]] || continue
        version=$("$directory/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        if ((version >= 15)); then
            pg_bin=$directory
            return 0
        fi
    done
    return 1
}

# Sets pgbouncer: 1.21 or newer knows prepared statements in transaction mode. Debian 12's does not.
find_pgbouncer() {
    local version
    for pgbouncer in "$root/.dev/tools/bin/pgbouncer" "$(PATH=$PATH:/usr/sbin command -v pgbouncer || true)"; do
        [[ -x $pgbouncer ]] || continue
        version=$("$pgbouncer" --version 2>/dev/null | sed -nE '1s/^PgBouncer 1\.([0-9]+).*/\1/p')
        if ((${version:-0} >= 21)); then return 0; fi
    done
    return 1
}

# Sets nats_servers: every NATS server that is there, the machine's or Debian's first, then the current one of PyPI.
find_nats() {
    local program
    nats_servers=""
    for program in "$(PATH=$PATH:/usr/sbin command -v nats-server || true)" "$root/.dev/nats/bin/nats-server"; do
        if [[ -x $program ]]; then nats_servers=${nats_servers:+$nats_servers:}$program; fi
    done
    [[ -n $nats_servers ]]
}

find_services() {
    find_postgres || die "No PostgreSQL server (15 or newer) found: ./dev test or ./dev up installs it where it can."
    redis_server=$(command -v "${FOLKSHELF_TEST_REDIS_SERVER:-redis-server}") ||
        die "No redis-server found: ./dev test or ./dev up installs it where it can."
}

# --- whose processes ----------------------------------------------------------------------------
# PostgreSQL refuses to run as root. Sets run_as, the words before a command that root runs as somebody else,
# and server_user. Takes the directory the servers shall work in.
choose_user() {
    run_as=()
    server_user=$(id -un)
    if ((EUID != 0)); then return; fi
    for server_user in postgres nobody; do
        if id "$server_user" >/dev/null 2>&1; then break; fi
    done
    command -v setpriv >/dev/null || die "Do not run this as root here: PostgreSQL would refuse, and there is no setpriv."
    run_as=(setpriv --reuid "$server_user" --regid "$(id -g "$server_user")" --clear-groups)
    if ! can_enter "$1"; then
        # A checkout below /root or another closed directory: let the servers through, and nothing more than that.
        # shellcheck disable=SC2054 # the commas are setpriv's
        run_as+=(--inh-caps=-all,+dac_override --ambient-caps=-all,+dac_override)
        can_enter "$1" || die "The user $server_user, who runs PostgreSQL for root, cannot enter $1: use another directory."
    fi
}
can_enter() {
    # shellcheck disable=SC2016 # expands inside
    "${run_as[@]}" bash -c 'cd "$1"' _ "$1" 2>/dev/null
}

# --- ports and processes ------------------------------------------------------------------------
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# status_of <port> <path>: the status that a host answers with
status_of() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
        read -r -t 5 _ status _ <&3
        echo "$status"
    ) 2>/dev/null || true
}

free_port() {
    local port
    while :; do
        # Below the range from which systems take ports for outgoing connections.
        port=$((21000 + (RANDOM + $$) % 10000))
        if ! listening "$port"; then
            echo "$port"
            return
        fi
    done
}

# A process that has ended but that nobody has asked about (some containers have no init for that) is not alive.
alive() { kill -0 "$1" 2>/dev/null && [[ $(cat "/proc/$1/stat" 2>/dev/null) != *") Z "* ]]; }

# Waits for up to $1 tenths of a second until process $2 is gone.
wait_gone() {
    local i
    for ((i = 0; i < $1; i++)); do
        alive "$2" || return 0
        sleep 0.1
    done
    return 1
}

# end <pid> <tenths of a second> <signal> …: each signal in turn, until it is gone.
end() {
    local pid=$1 patience=$2 signal
    shift 2
    for signal in "$@"; do
        kill "-$signal" "$pid" 2>/dev/null || return 0
        if wait_gone "$patience" "$pid"; then return 0; fi
    done
}

# Starts a command in the background, in a process group of its own (Ctrl-C does not reach it); sets started.
start() {
    local log=$1
    shift
    set -m
    "$@" </dev/null >>"$log" 2>&1 &
    started=$!
    set +m
    disown "$started"
}

# Runs a command in a process group of its own, passes signals on to all of it, returns its status.
run() {
    local status
    set -m
    "$@" </dev/null &
    running=$!
    set +m
    while :; do
        status=0
        wait "$running" || status=$?
        kill -0 "$running" 2>/dev/null || break
    done
    running=""
    return "$status"
}
# For traps: pass_on INT
pass_on() { if [[ -n ${running:-} ]]; then kill "-$1" -- "-$running" 2>/dev/null || true; fi; }

# --- PostgreSQL ---------------------------------------------------------------------------------
# init_postgres <data directory> <host authentication method> <role password> <log>
# The role owns a database, may create databases and roles, and is no superuser.
# The superuser gets no password: where passwords are asked for, nobody logs in as that role.
init_postgres() {
    local data=$1 method=$2 password=$3 log=$4 locale=C
    if locale -a 2>/dev/null | grep -qiE '^C\.utf-?8$'; then locale=C.UTF-8; fi
    "${run_as[@]}" "$pg_bin/initdb" --pgdata="$data" --username=postgres --encoding=UTF8 --locale="$locale" \
        --auth-local=reject --auth-host="$method" --no-sync --no-instructions >"$log" 2>&1 || return 1
    "${run_as[@]}" "$pg_bin/postgres" --single -D "$data" -c fsync=off postgres >>"$log" 2>&1 <<SQL || return 1
CREATE ROLE folkshelf LOGIN CREATEDB CREATEROLE PASSWORD '$password'
CREATE DATABASE folkshelf OWNER folkshelf
SQL
    ! grep -qE '(ERROR|FATAL|PANIC):' "$log"
}

# start_postgres <data directory> <port> <log> [setting=value …]; sets postgres_pid
start_postgres() {
    local data=$1 port=$2 log=$3 setting i
    local settings=(-c listen_addresses=127.0.0.1 -c "port=$port" -c unix_socket_directories= -c log_timezone=UTC)
    shift 3
    for setting in "$@"; do settings+=(-c "$setting"); done
    start "$log" "${run_as[@]}" "$pg_bin/postgres" -D "$data" "${settings[@]}"
    postgres_pid=$started
    for ((i = 0; i < 600; i++)); do
        alive "$postgres_pid" || return 1
        if "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then
            # Ours, and not another one on that port?
            grep -qs "^$port\$" "$data/postmaster.pid" && return 0
        fi
        sleep 0.1
    done
    return 1
}

# --- NATS ---------------------------------------------------------------------------------------
# start_nats <directory> <port> <log>: the first of nats_servers, with JetStream; sets nats_pid
start_nats() {
    local directory=$1 port=$2 log=$3 i
    start "$log" "${run_as[@]}" "${nats_servers%%:*}" -js -a 127.0.0.1 -p "$port" -sd "$directory"
    nats_pid=$started
    for ((i = 0; i < 100; i++)); do
        alive "$nats_pid" || return 1
        if listening "$port"; then return 0; fi
        sleep 0.1
    done
    return 1
}

# --- Redis --------------------------------------------------------------------------------------
# start_redis <directory> <port> <log>; sets redis_pid. Nothing is kept: what is in Redis can be rebuilt.
start_redis() {
    local directory=$1 port=$2 log=$3 i answer
    start "$log" "${run_as[@]}" "$redis_server" --bind 127.0.0.1 --port "$port" --dir "$directory" \
        --save "" --appendonly no --maxmemory-policy noeviction --daemonize no
    redis_pid=$started
    for ((i = 0; i < 100; i++)); do
        alive "$redis_pid" || return 1
        answer=$( (
            exec 3<>"/dev/tcp/127.0.0.1/$port"
            printf 'PING\r\n' >&3
            read -r -t 2 line <&3
            echo "$line"
        ) 2>/dev/null || true)
        if [[ $answer == +PONG* ]]; then return 0; fi
        sleep 0.1
    done
    return 1
}
