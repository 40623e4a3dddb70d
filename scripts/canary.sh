# shellcheck shell=bash disable=SC2154 # root, state and the like are set by dev-server, which sources this
# Another build for a tenth of the requests; for all of them when it does well, for none when it does not.

canary_share=10
# Fewer requests than this say nothing, fewer failures may be chance.
least_requests=50
least_failures=3

# failures_of <number> …: requests of the API, and those that ended with 5xx, of these hosts together since they started
failures_of() {
    local number
    for number in "$@"; do
        (
            exec 3<>"/dev/tcp/127.0.0.1/$(cat "$state/hosts/$number/port")"
            printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
            timeout 5 cat <&3
        ) 2>/dev/null || true
    done | awk '/^http_requests_total\{/ && /route="\/api\/v1/ {all += $NF; if (/status="5/) failed += $NF} END {print all + 0, failed + 0}'
}

# weigh <canary> <other> …: the canary gets its share, the others the rest alike
weigh() {
    local canary=$1 number
    shift
    for number in "$@"; do echo $((100 - canary_share)) >"$state/hosts/$number/weight"; done
    echo $((canary_share * $#)) >"$state/hosts/$canary/weight"
    echo weights >"$state/hosts/balance"
}

# no_canary <number>: as it was before
no_canary() {
    rm -f "$state"/hosts/*/weight
    echo "$balance_before" >"$state/hosts/balance"
    take_out "$1" || true
    drop_replica "$1"
    rm -f "$state/hosts/$1/program"
}

# watch_canary <seconds> <canary> <other> …: prints why it must go; nothing when it may stay
watch_canary() {
    local until=$((SECONDS + $1)) canary=$2 all failed others_all others_failed others_all_before others_failed_before
    all=0
    shift 2
    read -r others_all_before others_failed_before < <(failures_of "$@")
    while ((SECONDS < until)); do
        sleep 1 || true
        replica_runs "$canary" || { echo "it has ended" && return; }
        [[ $(status_of "$(cat "$state/hosts/$canary/port")" /health/ready) == 200 ]] || { echo "it is not ready any more" && return; }
        read -r all failed < <(failures_of "$canary")
        read -r others_all others_failed < <(failures_of "$@")
        others_all=$((others_all - others_all_before))
        others_failed=$((others_failed - others_failed_before))
        # More than one in a hundred beyond what the others have at the same time.
        if ((failed >= least_failures && failed * 100 * (others_all + 1) > all * (others_all + 1 + 100 * others_failed))); then
            echo "$failed of its $all requests failed, and $others_failed of $others_all of the others" && return
        fi
    done
    ((all >= least_requests)) || echo "$all requests are too few to tell"
}

# canary <program> [<seconds>]
canary() {
    local program=${1:-} seconds=${2:-30} others number fault balance_before
    if [[ -z $program || ! $seconds =~ ^[0-9]{1,4}$ ]]; then die "usage: ./dev canary PROGRAM [SECONDS]"; fi
    running_replicas
    check_program "$program"
    mapfile -t others < <(replicas)
    ((${#others[@]} < most_replicas)) || die "There is no room for one more host: ./dev scale $((most_replicas - 1))"
    alone
    number=$((others[-1] + 1))
    balance_before=$(cat "$state/hosts/balance")
    mkdir -p "$state/hosts/$number"
    echo "$program" >"$state/hosts/$number/program"
    : >"$state/hosts/$number.log"
    start_replica "$number"
    if ! wait_ready "$number"; then
        drop_replica "$number"
        rm -f "$state/hosts/$number/program"
        die "The canary does not start. Nobody has met it."
    fi
    weigh "$number" "${others[@]}"
    trap 'no_canary "$number"; exit 130' INT TERM
    publish || { no_canary "$number" && die "nginx was left as it was."; }
    echo "Host $number has $canary_share % of the requests for $seconds s …"
    fault=$(watch_canary "$seconds" "$number" "${others[@]}")
    no_canary "$number"
    trap - INT TERM
    [[ -z $fault ]] || die "The canary is gone: $fault. All requests go to the build before."
    echo "It does well. All hosts get it …"
    replace_all "$program"
}
