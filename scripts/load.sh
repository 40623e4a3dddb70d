# shellcheck shell=bash disable=SC2034,SC2154 # who sources this sets root and state, and reads what is set here
# People at Folkshelf (loadtest/locust), whom Locust plays.

# What the hosts need to be told for it.
let_the_load_in() {
    # Everybody comes from this machine, so limits by network would meet all of them at once; and hundreds register within
    # seconds, which costs a core for itself with passwords hashed as in production.
    export FOLKSHELF_LIMITS__PROFILE=off FOLKSHELF_AUTH__BCRYPT_COST=4 FOLKSHELF_LOG__FILTER=${FOLKSHELF_LOG__FILTER:-warn}
    # Its people ask and cancel all the time.
    export FOLKSHELF_COMMUNITY__MAX_REQUESTS_A_DAY=1000000 FOLKSHELF_COMMUNITY__COOL_DOWN=false
}

# start_locust_page <port>
start_locust_page() {
    local i
    start "$state/load/locust.log" "$root/.dev/locust/bin/locust" --locustfile "$root/loadtest/locust/locustfile.py" \
        --host "http://127.0.0.1:$(cat "$state/http.port")" --web-host 127.0.0.1 --web-port "$1" --stop-timeout 40 --loglevel WARNING
    locust_pid=$started
    echo "$started" >"$state/load/locust.pid"
    for ((i = 0; i < 100; i++)); do
        alive "$started" || return 1
        [[ $(status_of "$1" /) == 200 ]] && return 0
        sleep 0.1 || true
    done
    return 1
}

start_load() {
    mkdir -p "$state/load"
    : >"$state/load/locust.log"
    start_service locust.port start_locust_page PORT || die "Locust does not start: $(tail -n 5 "$state/load/locust.log")"
}

end_load() {
    if runs "$state/load/locust.pid" locust; then end "$pid" 50 TERM KILL; fi
    rm -f "$state/load/locust.pid"
}
