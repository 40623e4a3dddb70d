# shellcheck shell=bash disable=SC2034,SC2154 # dev-server sources this: it sets root, state and the like, and reads what is set here
# Prometheus and Alertmanager beside the development instance, with what deploy/observability says.

# Debian's programs look for pages and letters at fixed places in /usr/share. Unpacked ones are shown ours there, and nobody else is.
# place: the words before such a command
set_place() {
    place=()
    [[ $1 == "$root/.dev/tools/"* ]] || return 0
    place=(unshare --mount)
    if ((EUID != 0)); then place=(unshare --user --map-root-user --mount); fi
    # shellcheck disable=SC2016 # expands inside
    place+=(sh -c 'mount -t overlay overlay -o "lowerdir=$1/usr/share:/usr/share" /usr/share && shift && exec "$@"' _ "$root/.dev/tools/debian")
    "${place[@]}" true 2>/dev/null ||
        die "This machine allows no private view of /usr/share: install Debian's prometheus and prometheus-alertmanager."
}

find_observers() {
    prometheus=$(command -v prometheus) || die "No Prometheus found: ./dev up --observe installs it where it can."
    alertmanager=$(command -v prometheus-alertmanager || command -v alertmanager) ||
        die "No Alertmanager found: ./dev up --observe installs it where it can."
    set_place "$alertmanager"
}

# Tells Prometheus which hosts there are; it looks by itself.
show_hosts_to_prometheus() {
    local list="" number
    [[ -d $state/observe ]] || return 0
    for number in $(replicas); do list+="\"127.0.0.1:$(cat "$state/hosts/$number/port")\", "; done
    [[ -n $list ]] || list="\"127.0.0.1:$(cat "$state/http.port")\", "
    echo "[{ \"targets\": [${list%, }] }]" >"$state/observe/.hosts.json"
    mv "$state/observe/.hosts.json" "$state/observe/hosts.json"
}

# answers <port> <pid>: waits until it is ready
answers() {
    local i
    for ((i = 0; i < 100; i++)); do
        alive "$2" || return 1
        [[ $(status_of "$1" /-/ready) == 200 ]] && return 0
        sleep 0.1 || true
    done
    return 1
}

# start_alertmanager <port>
start_alertmanager() {
    local folder=$state/observe
    # Mails go to a sink on this machine, where there is one.
    sed -e "s|127.0.0.1:2525|${ALERTS_SMTP:-127.0.0.1:2525}|" ${ALERTS_AT_ONCE:+-e 's|group_wait: .*|group_wait: 1s|'} \
        ${ALERTS_AT_ONCE:+-e 's|group_interval: .*|group_interval: 5s|'} "$root/deploy/observability/alertmanager.yml" >"$folder/alertmanager.yml"
    start "$folder/alertmanager.log" "${place[@]}" "${run_as[@]}" "$alertmanager" --config.file="$folder/alertmanager.yml" \
        --storage.path="$folder/alertmanager" --web.listen-address="127.0.0.1:$1" --cluster.listen-address=
    alertmanager_pid=$started
    echo "$started" >"$folder/alertmanager.pid"
    answers "$1" "$started"
}

# start_prometheus <port>
start_prometheus() {
    local folder=$state/observe
    sed -e "s|127.0.0.1:9090|127.0.0.1:$1|" -e "s|127.0.0.1:9093|127.0.0.1:$(cat "$state/alertmanager.port")|" \
        -e "s|rules/\*.yml|$root/deploy/observability/rules/*.yml|" -e "s|: 15s|: ${OBSERVE_INTERVAL:-5s}|" \
        -e "s|scrape_timeout: 5s|scrape_timeout: ${OBSERVE_INTERVAL:-5s}|" \
        "$root/deploy/observability/prometheus.yml" >"$folder/prometheus.yml"
    start "$folder/prometheus.log" "${place[@]}" "${run_as[@]}" "$prometheus" --config.file="$folder/prometheus.yml" \
        --storage.tsdb.path="$folder/prometheus" --storage.tsdb.retention.time=2d --web.listen-address="127.0.0.1:$1"
    prometheus_pid=$started
    echo "$started" >"$folder/prometheus.pid"
    answers "$1" "$started"
}

observe() {
    find_observers
    mkdir -p "$state/observe/prometheus" "$state/observe/alertmanager"
    : >"$state/observe/prometheus.log"
    : >"$state/observe/alertmanager.log"
    show_hosts_to_prometheus
    if ((EUID == 0)); then chown -R "$server_user" "$state/observe"; fi
    start_service alertmanager.port start_alertmanager PORT ||
        die "Alertmanager does not start: $(tail -n 5 "$state/observe/alertmanager.log")"
    start_service prometheus.port start_prometheus PORT ||
        die "Prometheus does not start: $(tail -n 5 "$state/observe/prometheus.log")"
}

end_observers() {
    if runs "$state/observe/prometheus.pid" prometheus; then end "$pid" 100 TERM KILL; fi
    if runs "$state/observe/alertmanager.pid" alertmanager; then end "$pid" 50 TERM KILL; fi
    rm -f "$state/observe/prometheus.pid" "$state/observe/alertmanager.pid"
}
