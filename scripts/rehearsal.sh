# shellcheck shell=bash disable=SC2154 # root is set by who sources this
# An instance of its own for a rehearsal, below .dev/rehearsal; sourced by the rehearse-… scripts.
# FOLKSHELF_HOST: a host that was built before.

# shellcheck source=scripts/services.sh
. "$root/scripts/services.sh"

export FOLKSHELF_DEV_STATE=$root/.dev/rehearsal
PORT=$((20000 + RANDOM % 1000))
export PORT
# Its members ask and cancel all the time.
export FOLKSHELF_COMMUNITY__MAX_REQUESTS_A_DAY=1000000 FOLKSHELF_COMMUNITY__COOL_DOWN=false
up=""
status=1
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    trap '' INT TERM HUP
    "$root/scripts/dev-server" down || true
    if [[ -n $up ]]; then wait "$up" 2>/dev/null || true; fi
    if ((status == 0)); then rm -rf "$FOLKSHELF_DEV_STATE"; else echo "Logs are in .dev/rehearsal." >&2; fi
}

# begin <arguments of up>: returns when it serves
begin() {
    mkdir -p "$FOLKSHELF_DEV_STATE"
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    "$root/scripts/dev-server" reset
    "$root/scripts/dev-server" up "$@" >"$FOLKSHELF_DEV_STATE/up.out" 2>&1 &
    up=$!
    until grep -q 'Ctrl-C ends it' "$FOLKSHELF_DEV_STATE/up.out"; do
        kill -0 "$up" 2>/dev/null || { cat "$FOLKSHELF_DEV_STATE/up.out" >&2 && exit 1; }
        sleep 0.5
    done
}
