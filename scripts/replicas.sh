# shellcheck shell=bash disable=SC2154 # root, state, host and the like are set by dev-server, which sources this
# Several hosts of the development instance behind nginx. Each has a folder .dev/hosts/N with its port and its process. With
# --apart, N is the context that the host runs, and there is .dev/hosts/processes.conf, which says what each of them answers.

# As many as the 300 connections of ./dev up's PostgreSQL allow: a host takes 26.
most_replicas=10

replicas() {
    local folder
    for folder in "$state"/hosts/*/pid; do
        [[ -e $folder ]] && basename "$(dirname "$folder")"
    done | sort -n
}
# Not by its name: it was somebody else's until the moment it became a host.
replica_runs() { pid=$(cat "$state/hosts/$1/pid" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] && alive "$pid"; }

# --- a process for each context -----------------------------------------------------------------
is_apart() { [[ -e $state/hosts/processes.conf ]]; }

# A crate is a context when there is a crate of what it publishes.
contexts() {
    local folder
    for folder in "$root"/crates/*-events; do basename "$folder" -events; done
}

# Exports where each context is, and the token that its host shows to the others.
prepare_apart() {
    local context
    FOLKSHELF_INTERNAL__TOKEN=$(remembered internal.token random_password)
    export FOLKSHELF_INTERNAL__TOKEN
    for context in $(contexts); do
        mkdir -p "$state/hosts/$context"
        port_of_its_own "$state/hosts/$context/internal.port"
        export "FOLKSHELF_PEERS__${context^^}=http://127.0.0.1:$(cat "$state/hosts/$context/internal.port")"
    done
    "$host" config nginx >"$state/hosts/processes.conf"
}

# --- hosts --------------------------------------------------------------------------------------
# One at a time changes what runs.
alone() {
    exec 9>"$state/replicas.lock"
    flock "$@" 9
}
not_alone() { exec 9>&-; }

# port_of_its_own <file>: writes a port into it that nobody has, that of last time where it can
port_of_its_own() {
    local port
    port=$(cat "$1" 2>/dev/null || true)
    while [[ ! $port =~ ^[0-9]+$ ]] || listening "$port"; do
        port=$(free_port)
        # A host that has not begun to listen.
        if cat "$state"/hosts/*/*port 2>/dev/null | grep -qxF "$port"; then port=""; fi
    done
    echo "$port" >"$1"
}

# start_replica <number>: begins it, and does not wait
start_replica() {
    local number=$1 folder=$state/hosts/$1 its_own=()
    mkdir -p "$folder"
    if is_apart; then its_own=(env "FOLKSHELF_CONTEXTS__RUN=$number" "FOLKSHELF_INTERNAL__LISTEN=127.0.0.1:$(cat "$folder/internal.port")"); fi
    port_of_its_own "$folder/port"
    # nginx gives up after 10 s; the host itself says no before that.
    FOLKSHELF_HTTP__LISTEN=127.0.0.1:$(cat "$folder/port") FOLKSHELF_HTTP__TRUSTED_PROXIES=127.0.0.1 \
        FOLKSHELF_HTTP__PUBLIC_URL=http://localhost:$(cat "$state/http.port") \
        FOLKSHELF_HTTP__REQUEST_TIMEOUT_SECONDS=9 FOLKSHELF_DATABASE__CONNECTIONS=${FOLKSHELF_DATABASE__CONNECTIONS:-26} \
        start "$state/hosts/$number.log" "${its_own[@]}" "$(cat "$folder/program" 2>/dev/null || cat "$state/hosts/program")" serve 9>&-
    echo "$started" >"$folder/pid"
}

# wait_ready <number>
wait_ready() {
    local i folder=$state/hosts/$1
    for ((i = 0; i < 300; i++)); do
        replica_runs "$1" || { echo "Host $1 has ended: $(tail -n 5 "$state/hosts/$1.log")" >&2 && return 1; }
        [[ $(status_of "$(cat "$folder/port")" /health/ready) == 200 ]] && return 0
        sleep 0.2 || true
    done
    echo "Host $1 is not ready after a minute: .dev/hosts/$1.log" >&2
    return 1
}

# --- nginx --------------------------------------------------------------------------------------
render_nginx() { "$root/deploy/nginx/render" "$@"; }

# nginx_hosts [<number to leave out> …]: sets upstreams, what render is told of the hosts
nginx_hosts() {
    local number list="" setting context
    if is_apart; then
        upstreams=("PROCESSES=$state/hosts/processes.conf")
        # The map says first which contexts each process runs.
        while read -r setting context; do
            upstreams+=("$setting=127.0.0.1:$(cat "$state/hosts/$context/port")")
        done < <(sed -nE 's/^# folkshelf(_[a-z_]+)?: ([a-z_]+)$/HOSTS\1 \2/p' "$state/hosts/processes.conf")
        return
    fi
    for number in $(replicas); do
        if [[ " $* " == *" $number "* ]]; then continue; fi
        list+="127.0.0.1:$(cat "$state/hosts/$number/port")"
        if [[ -s $state/hosts/$number/weight ]]; then list+="=$(cat "$state/hosts/$number/weight")"; fi
        list+=" "
    done
    upstreams=("HOSTS=${list% }")
}

# Those that take new requests.
nginx_workers() { ps -o pid=,args= --ppid "$1" 2>/dev/null | awk '!/shutting down/ {print $1}'; }

# publish [<number to leave out> …]: nginx sends new requests to the others only; returns when it does
publish() {
    local before after i
    nginx_hosts "$@"
    render_nginx --hosts "$state/nginx/conf" "${upstreams[@]}" "BALANCE=$(cat "$state/hosts/balance")" || return 1
    "${run_as[@]}" "$nginx" -t -q -c "$state/nginx/conf/nginx.conf" -e "$state/nginx/error.log" || return 1
    runs "$state/nginx/nginx.pid" nginx || return 1
    before=$(nginx_workers "$pid")
    kill -HUP "$pid"
    for ((i = 0; i < 100; i++)); do
        sleep 0.1 || true
        after=$(nginx_workers "$pid")
        # New ones are there, and each of the old has been told to end.
        if [[ -n $after ]] && ! grep -qxF "$before" <<<"$after"; then
            show_hosts_to_prometheus
            return 0
        fi
    done
    echo "nginx does not take the new list of hosts: .dev/nginx/error.log" >&2
    return 1
}

# start_nginx <port>; sets nginx_pid
start_nginx() {
    local folder=$state/nginx i
    find_nginx
    mkdir -p "$folder"
    # Its own temporary files; a certificate for this machine alone.
    if [[ ! -s $folder/certificate.pem ]]; then
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null ||
            die "openssl cannot make a certificate."
    fi
    find_brotli
    echo "${brotli:+load_module $brotli;}" >"$folder/modules.conf"
    : >"$folder/error.log"
    if ((EUID == 0)); then chown -R "$server_user" "$folder"; fi
    nginx_hosts
    render_nginx "$folder/conf" "${upstreams[@]}" "BALANCE=$(cat "$state/hosts/balance")" "LISTEN=127.0.0.1:$1" PLAIN=serve \
        "LISTEN_TLS=127.0.0.1:$(cat "$state/tls.port")" "CERTIFICATE=$folder/certificate.pem" "KEY=$folder/key.pem" \
        "STATE=$folder" "LOGS=$folder" "MODULE=$folder/modules.conf" "BROTLI=$([[ -n $brotli ]] && echo on || echo off)" "MIME=$mime_types" WORKERS=2 || return 1
    start "$folder/error.log" "${run_as[@]}" "$nginx" -c "$folder/conf/nginx.conf" -e "$folder/error.log" -g 'daemon off;'
    nginx_pid=$started
    echo "$nginx_pid" >"$folder/group"
    for ((i = 0; i < 100; i++)); do
        alive "$nginx_pid" || return 1
        if listening "$1" && [[ -s $folder/nginx.pid ]]; then return 0; fi
        sleep 0.1 || true
    done
    return 1
}
# Its workers live on when the master was killed. They are of its process group, whose number nobody else gets meanwhile.
end_nginx() {
    local group worker
    group=$(cat "$state/nginx/group" 2>/dev/null) || return 0
    if runs "$state/nginx/nginx.pid" nginx; then end "$pid" 100 TERM KILL; fi
    for worker in $(ps -eo pid=,pgid=,comm= | awk -v group="$group" '$2 == group && $3 == "nginx" {print $1}'); do
        end "$worker" 20 TERM KILL
    done
    rm -f "$state/nginx/group" "$state/nginx/nginx.pid"
}
find_nginx() {
    nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || die "No nginx found: ./dev up --replicas installs it where it can."
}

# Sets brotli, the filter for this nginx or nothing, and mime_types.
find_brotli() {
    local folder filter=ngx_http_brotli_filter_module.so
    brotli=""
    for folder in "$root/.dev/tools/debian/usr/lib/nginx/modules" /usr/lib/nginx/modules; do
        if [[ -z $brotli && -e $folder/$filter ]] && ! ldd "$folder/$filter" | grep -q 'not found'; then brotli=$folder/$filter; fi
    done
    for mime_types in "$root/.dev/tools/debian/etc/nginx/mime.types" /etc/nginx/mime.types; do
        if [[ -r $mime_types ]]; then return; fi
    done
    die "nginx has no mime.types."
}

check_count() {
    if [[ ! $1 =~ ^[0-9]{1,2}$ ]] || (($1 < 1 || $1 > most_replicas)); then die "usage: $2, with N from 1 to $most_replicas"; fi
}

# --- changing what runs -------------------------------------------------------------------------
# start_replicas <number> …
start_replicas() {
    local number
    for number in "$@"; do start_replica "$number"; done
    for number in "$@"; do
        ((ending == 0)) || return 0
        wait_ready "$number" || return 1
    done
}

# Starts again what has ended by itself, as a service manager would. Whoever changes the hosts at the moment looks after them.
supervise_replicas() {
    local number
    alone -n || { not_alone && return 0; }
    for number in $(replicas); do
        if ! replica_runs "$number"; then
            echo "Host $number has ended; starting it again. Its log: .dev/hosts/$number.log"
            # Settings may have been changed since.
            # shellcheck source=/dev/null
            . "$state/hosts/environment"
            start_replica "$number"
        fi
    done
    not_alone
}

end_replicas() {
    local folder pids=()
    for folder in "$state"/hosts/*/pid; do
        if runs "$folder" "folkshelf serve"; then
            kill -TERM "$pid" 2>/dev/null || true
            pids+=("$pid")
        fi
        rm -f "$folder"
    done
    for pid in "${pids[@]}"; do end "$pid" 250 TERM KILL; done
}

running_replicas() {
    if ! runs "$state/up.pid" scripts/dev-server || [[ -z $(replicas) ]]; then
        die "There are no replicas: ./dev up --replicas 3 starts three."
    fi
    if is_apart; then die "There is one host for each context: ./dev up --replicas 3 starts several that run all of them."; fi
    ending=0
    choose_user "$state"
    find_nginx
    # What ./dev up was told, not what this shell says.
    # shellcheck source=/dev/null
    . "$state/hosts/environment"
    settings
}

# take_out <number> …: no new requests, those under way end, then the processes do
take_out() {
    local number
    publish "$@" || return 1
    # What the workers of before had already read of their clients still goes to these hosts.
    sleep 2 || true
    for number in "$@"; do
        if replica_runs "$number"; then end "$pid" 300 TERM KILL; fi
    done
}

drop_replica() {
    if replica_runs "$1"; then end "$pid" 100 TERM KILL; fi
    rm -f "$state/hosts/$1/pid"
}

scale() {
    local wanted=${1:-} number again added=() surplus=()
    check_count "$wanted" "./dev scale N"
    running_replicas
    alone
    for ((number = 1; number <= wanted; number++)); do
        if ! replica_runs "$number"; then
            start_replica "$number"
            added+=("$number")
        fi
    done
    for number in "${added[@]}"; do
        if wait_ready "$number"; then continue; fi
        for again in "${added[@]}"; do drop_replica "$again"; done
        die "Host $number did not start. Those that ran before go on."
    done
    # One reload where one will do: each closes the clients' idle connections.
    (($(replicas | tail -n 1) > wanted)) || publish || die "nginx was left as it was."
    for number in $(replicas); do
        if ((number > wanted)); then surplus+=("$number"); fi
    done
    if ((${#surplus[@]} > 0)); then
        take_out "${surplus[@]}" || die "Nothing was stopped."
        for number in "${surplus[@]}"; do drop_replica "$number"; done
    fi
    show_replicas
}

# replace <number>: by a process of the program as it is named now
replace() {
    take_out "$1" || return 1
    start_replica "$1"
    wait_ready "$1" && publish
}

# check_program <program>: also makes its path whole, in program
check_program() {
    program=$1
    [[ -f $program && -x $program ]] || die "$program is no program."
    program=$(cd "$(dirname "$program")" && pwd -P)/$(basename "$program")
    [[ $(basename "$program") == folkshelf ]] || die "$program must be called folkshelf: that is how ./dev down knows it."
}

# roll [<program>]: one host after the other, each by the program named or the one it has
roll() {
    local program=${1:-}
    running_replicas
    if [[ -n $program ]]; then check_program "$program"; fi
    (($(replicas | wc -l) > 1)) || die "A rolling restart needs two hosts: ./dev scale 2"
    alone
    replace_all "${program:-$(cat "$state/hosts/program")}"
}

# replace_all <program>
replace_all() {
    local number again before back=()
    before=$(cat "$state/hosts/program")
    echo "$1" >"$state/hosts/program"
    for number in $(replicas); do
        back=("$number" "${back[@]}")
        if replace "$number"; then continue; fi
        # The others answer meanwhile.
        echo "Host $number does not become ready. Going back to the program before …" >&2
        echo "$before" >"$state/hosts/program"
        for again in "${back[@]}"; do
            replace "$again" || die "Host $again does not become ready with the program before either: .dev/hosts/$again.log"
        done
        die "All hosts have the program before again."
    done
    show_replicas
}

show_replicas() {
    local number
    for number in $(replicas); do
        replica_runs "$number" && echo "host $number: process $pid at http://127.0.0.1:$(cat "$state/hosts/$number/port")"
    done
}
