# shellcheck shell=bash disable=SC2154 # root, state and the like are set by dev-server, which sources this
# Another build on trial beside the hosts that serve. ./dev canary gives one host of it a tenth of the requests, ./dev bluegreen gives
# a whole second set all of them. The build that does well stays; one that does worse than the build before goes by itself.

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

# begin_trial <program> <how many>: starts that many hosts of it, which nobody meets yet. Sets others, newcomers, balance_before.
begin_trial() {
    local number
    mapfile -t others < <(replicas)
    ((${#others[@]} + $2 <= most_replicas)) || die "There is room for $most_replicas hosts, and these would be $((${#others[@]} + $2)): ./dev scale N"
    balance_before=$(cat "$state/hosts/balance")
    newcomers=()
    for ((number = 1; ${#newcomers[@]} < $2; number++)); do
        if [[ " ${others[*]} " != *" $number "* ]]; then newcomers+=("$number"); fi
    done
    trap 'end_trial; exit 130' INT TERM
    for number in "${newcomers[@]}"; do
        mkdir -p "$state/hosts/$number"
        echo "$1" >"$state/hosts/$number/program"
        : >"$state/hosts/$number.log"
        start_replica "$number"
    done
    for number in "${newcomers[@]}"; do
        wait_ready "$number" && continue
        drop_newcomers
        die "The build does not start. Nobody has met it."
    done
}

# share <percent>: the newcomers get that much of the requests together, the others get the rest
share() {
    local number
    for number in "${others[@]}"; do echo $(((100 - $1) * ${#newcomers[@]})) >"$state/hosts/$number/weight"; done
    for number in "${newcomers[@]}"; do echo $(($1 * ${#others[@]})) >"$state/hosts/$number/weight"; done
    echo weights >"$state/hosts/balance"
    publish || { end_trial && die "nginx was left as it was."; }
}
share_as_before() {
    rm -f "$state"/hosts/*/weight
    echo "$balance_before" >"$state/hosts/balance"
}

drop_newcomers() {
    local number
    for number in "${newcomers[@]}"; do
        drop_replica "$number"
        rm -f "$state/hosts/$number/program"
    done
}

# end_trial: without the newcomers, and with all others as before
end_trial() {
    share_as_before
    take_out "${newcomers[@]}" || true
    drop_newcomers
    trap - INT TERM
}

# watch_trial <seconds> <requests> <failures>: prints why the newcomers must go; nothing when they may stay. The others are judged by
# what they did beyond these figures.
watch_trial() {
    local until=$((SECONDS + $1)) number all=0 failed others_all others_failed
    while ((SECONDS < until)); do
        sleep 1 || true
        for number in "${newcomers[@]}"; do
            replica_runs "$number" || { echo "host $number has ended" && return; }
            [[ $(status_of "$(cat "$state/hosts/$number/port")" /health/ready) == 200 ]] || { echo "host $number is not ready any more" && return; }
        done
        read -r all failed < <(failures_of "${newcomers[@]}")
        read -r others_all others_failed < <(failures_of "${others[@]}")
        others_all=$((others_all - $2))
        others_failed=$((others_failed - $3))
        # More than one in a hundred beyond what the others have.
        if ((failed >= least_failures && failed * 100 * (others_all + 1) > all * (others_all + 1 + 100 * others_failed))); then
            echo "$failed of $all requests failed, and $others_failed of $others_all of the others" && return
        fi
    done
    ((all >= least_requests)) || echo "$all requests are too few to tell"
}

# prepare_trial <name> [<program> [<seconds>]]: sets seconds and program
prepare_trial() {
    seconds=${3:-30}
    if [[ -z ${2:-} || ! $seconds =~ ^[0-9]{1,4}$ ]]; then die "usage: ./dev $1 PROGRAM [SECONDS]"; fi
    running_replicas
    check_program "$2"
    alone
}

# canary <program> [<seconds>]
canary() {
    local fault before
    prepare_trial canary "$@"
    begin_trial "$program" 1
    # Both builds are judged by the same minute.
    read -r -a before < <(failures_of "${others[@]}")
    share "$canary_share"
    echo "Host ${newcomers[0]} has $canary_share % of the requests for $seconds s …"
    fault=$(watch_trial "$seconds" "${before[@]}")
    end_trial
    [[ -z $fault ]] || die "The canary is gone: $fault. All requests go to the build before."
    echo "It does well. All hosts get it …"
    replace_all "$program"
}

# bluegreen <program> [<seconds>]
bluegreen() {
    local fault number
    prepare_trial bluegreen "$@"
    begin_trial "$program" "$(replicas | wc -l)"
    share 100
    echo "Hosts ${newcomers[*]} have all requests. Hosts ${others[*]} wait for $seconds s …"
    # The others have no requests now: they are judged by all they had.
    fault=$(watch_trial "$seconds" 0 0)
    if [[ -n $fault ]]; then
        end_trial
        die "The new hosts are gone: $fault. All requests go to the build before."
    fi
    # From here on there is no way back.
    trap '' INT TERM
    echo "They do well. The others end …"
    share_as_before
    echo "$program" >"$state/hosts/program"
    take_out "${others[@]}" || die "nginx was left as it was; both sets run: ./dev scale ${#newcomers[@]}"
    for number in "${others[@]}"; do drop_replica "$number"; done
    for number in "${newcomers[@]}"; do rm -f "$state/hosts/$number/program"; done
    show_replicas
}
