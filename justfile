# Every everyday command. `./dev <recipe>` first makes sure that the tools are there.

# Tools that ./dev has installed; the machine's own come first.
export PATH := env("PATH") + ":" + justfile_directory() / ".dev/tools/bin"

# bash becomes the command it is given, so that a signal to just reaches it.
set shell := ["bash", "-euc"]

# List the recipes
default:
    @just --list --unsorted

# Everything that CI checks: what ./dev test runs
check: lint test started

# What asks a started host, at the same time: browsers wait more than they work
[private]
started:
    #!/usr/bin/env bash
    set -euo pipefail
    said=$(mktemp)
    trap 'rm -f "$said"' EXIT
    just contract >"$said" 2>&1 &
    contract=$! ended=0
    just web-e2e || ended=$?
    wait "$contract" || ended=$?
    cat "$said"
    exit "$ended"

# Format the code
fmt:
    cargo fmt --all
    scripts/web format

# Formatting, scripts, licences and banned crates, alerts and dashboards, images and clusters, the web app's lint, types and weight, clippy with every query checked
lint: web-build
    cargo fmt --all --check
    shellcheck -x dev .ci/run scripts/* deploy/nginx/render deploy/backup/backup deploy/backup/check deploy/backup/restore deploy/compose/secrets deploy/compose/nginx deploy/compose/roll deploy/compose/database.sh deploy/rehearse/postgres-entrypoint deploy/systemd/postinst deploy/systemd/postrm apps/folkshelf/tests/contract/install apps/folkshelf/tests/smtp/install
    cargo deny --log-level error check bans licenses sources
    scripts/check-observability
    scripts/check-deploy
    scripts/web check
    scripts/with-services scripts/query-data check

# All tests but those in a browser, or those of one crate, a context with its events: just test books
test crate="":
    {{ if crate == "" { "scripts/web test && scripts/setup-operations nginx" } else { "" } }}
    scripts/with-services cargo nextest run {{ if crate == "" { "--workspace" } else if path_exists("crates" / crate + "-events") == "true" { "-p " + crate + " -p " + crate + "-events" } else { "-p " + crate + " --no-tests=pass" } }}
    {{ if crate == "" { "cargo test --quiet --workspace --doc" } else { "" } }}

# The host's tests with PgBouncer in transaction mode before PostgreSQL; four minutes
test-pooled:
    scripts/setup-operations pooler
    FOLKSHELF_TEST_POOLED=1 scripts/with-services cargo nextest run --workspace -E 'package(folkshelf) & kind(test)'

# The host's tests with contexts in processes of their own behind nginx, in each shape or in one: just shapes five-apart; ten minutes each
shapes *shapes="borrowing-apart five-apart":
    scripts/setup-operations nginx
    for shape in {{ shapes }}; do FOLKSHELF_TEST_SHAPE=$shape scripts/with-services cargo nextest run --workspace -E 'package(folkshelf) & kind(test)'; done

# The started host against its OpenAPI document: 10,000 generated requests, and two generated clients that borrow a book
contract:
    scripts/with-services scripts/contract

# Property tests of what reads foreign bytes (files, numbers, cursors, tokens, headers), with many more cases than usual
foreign-bytes cases="20000":
    PROPTEST_CASES={{ cases }} cargo test --workspace --lib --bins -- foreign whatever_is_taken taken_over character_changed

# The web app's unit and component tests: just web-test session
web-test *args:
    scripts/web test {{ args }}

# The web app in a browser, against the started host: just web-e2e loans
web-e2e *args:
    scripts/with-services scripts/web e2e {{ args }}

# The web app with hot reload, against the host that ./dev up runs
web:
    scripts/web dev

# The web app's production build, which the host embeds
web-build:
    scripts/web build

# After a change to the API: the web app's copy of the document, and the client made of it
web-api:
    scripts/web api

# Build everything
build: web-build
    cargo build --workspace --all-targets

# The development instance in the foreground: just up --empty
up *args:
    scripts/dev-server up {{ args }}

# A command of the host on the development instance's data: just run dead-letters list
run *args="serve": web-build
    eval "$(scripts/dev-server env)" && cargo run --quiet --bin folkshelf -- {{ args }}

# The figures: event log, read side, and the host beside bare servers and pgbench (docs/performance.md)
bench:
    cargo build --release --workspace --bins --bench log --bench rebuild --bench http
    scripts/with-services cargo bench --workspace --bench log --bench rebuild --bench http

# More clients than the host works on at once: what it refuses, and how long the others wait; a minute
bench-overload:
    cargo build --release --workspace --bins --bench log --bench rebuild --bench http
    scripts/with-services cargo bench --workspace --bench http -- overload

# The host with a million books beside one with a thousand, and a rebuild under load; about ten minutes
bench-million:
    cargo build --release --workspace --bins --bench log --bench rebuild --bench http
    scripts/with-services cargo bench --workspace --bench http -- million

# How long commands take while one part after the other is blocked, stopped, poisoned, frozen or cut off; six minutes
bench-apart:
    cargo build --release --workspace --bins --bench log --bench rebuild --bench http
    scripts/with-services cargo bench --workspace --bench http -- apart

# Searches at a million books (docs/performance.md); about ten minutes
bench-search:
    cargo build --release --workspace --bins --bench log --bench rebuild --bench http
    scripts/with-services bash -c 'target/release/loadtest generate-books --count 1000000 && target/release/loadtest search'

# The nginx configuration in a real nginx, before stand-ins that count what reaches them; half a minute
test-nginx:
    scripts/test-nginx

# Hosts behind nginx come, go, die, freeze and get other secrets while members read and write, and nobody may notice; eight minutes
rehearse-replicas *args: web-build
    cargo build --bin folkshelf
    scripts/rehearse-replicas {{ args }}

# Breaks one thing at a time under load, and counts what is lost, doubled or stale: just faults redis-wiped, just faults --planted; a quarter of an hour (docs/reliability.md)
faults *args: web-build
    scripts/faults run {{ args }}

# Faults at random for so many seconds; the seed that is printed repeats their order: just chaos 600 SEED
chaos seconds="600" *seed: web-build
    scripts/faults chaos {{ seconds }} {{ seed }}

# People at Folkshelf: Locust with strict checks; fails on any failure. USERS=100 SECONDS=60 REPLICAS=3 SHAPE=spike just loadtest
loadtest *args: web-build
    cargo build --bin folkshelf
    scripts/loadtest {{ args }}

# Prometheus and Alertmanager beside two hosts: every rule and panel has data, an alert comes as a letter and ends; three minutes
rehearse-observability: web-build
    cargo build --bin folkshelf
    scripts/rehearse-observability

# Backups under load, a mistake, a lost machine: restored to two moments and compared with what members were promised; a minute
rehearse-restore: web-build
    cargo build --bin folkshelf
    scripts/rehearse-restore

# Folkshelf in containers: image, Compose, a book borrowed, a host killed, another build, five hosts; root; a minute after the build
rehearse *args:
    scripts/rehearse {{ args }}

# The Debian package of a release build: just deb, or just deb PROGRAM
deb *args:
    scripts/deb {{ args }}

# What Folkshelf is made of, as CycloneDX: just sbom folkshelf.cdx.json
sbom *args:
    scripts/sbom {{ args }}

# What a release brings, from the commits: just changelog, or for the newest tag alone: just changelog --latest
changelog *args:
    @scripts/changelog {{ args }}

# The files of a release, at its tag: package, contents, notes, checksums: just release FOLDER, or just release FOLDER PROGRAM
release folder *program:
    scripts/release {{ folder }} {{ program }}

# After a change to deploy/observability/grafana/build.py: write the dashboards anew
dashboards:
    scripts/setup-operations dashboards
    .dev/dashboards/bin/python deploy/observability/grafana/build.py deploy/observability/grafana/dashboards

# After a change to SQL: write the query data in .sqlx anew
prepare:
    scripts/with-services scripts/query-data write

# After a change to dependencies between crates or to what a context shows: write the golden files anew
context-map:
    scripts/with-services env FOLKSHELF_UPDATE_GOLDEN=1 cargo test --quiet --package arch-tests

# A new context of the template in templates/context, in a copy of the sources: compiled, its SQL checked, its tests run
toy-context:
    scripts/with-services scripts/toy-context

# After a change to settings: write docs/settings.md anew
settings:
    page=$(cargo run --quiet --bin folkshelf -- config reference) && echo "$page" >docs/settings.md

# The OpenAPI document, to standard output
openapi:
    @cargo run --quiet --bin folkshelf -- openapi

# Known vulnerabilities; needs the advisory databases from the network, so it is no part of check
audit:
    cargo deny check advisories
    scripts/web audit
