"""The dashboards, by Grafana's own SDK so that their structure holds: build.py FOLDER writes them as JSON.

Panels show figures that the hosts really give (docs/observability.md); scripts/rehearse-observability asks a real
Prometheus each expression and fails where nothing comes back.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, SortOrder, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, GridPos

SOURCE = DataSourceRef(type_val="prometheus", uid="folkshelf")
API = 'route=~"/api/v1/.*"'
TIMED = API + ',route!~"/api/v1/(notifications/(stream|ws)|books/(import|export))"'


def rate(metric: str, by: str, where: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"


def quantile(share: float, metric: str, by: str, where: str = "") -> str:
    parts = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({parts}) (rate({metric}_bucket{{{where}}}[$__rate_interval])))"


# (file, title, [(panel, unit, what it means, [(legend, expression)])]); two panels a row.
DASHBOARDS = [
    ("overview", "overview", [
        ("What went wrong in the last hour", "percentunit", "By objective; allowed are 0.1 % (availability, views) and 1 % (reads, writes).",
         [("{{objective}}", "folkshelf:objective_errors:ratio_rate1h")]),
        ("Budget of the last three days used", "percentunit", "100 %: as much went wrong as the objective allows.",
         [("{{objective}}", "folkshelf:objective_errors:ratio_rate3d / on (objective) folkshelf:objective_budget")]),
        ("Requests", "reqps", "Of the API, by status.", [("{{status}}", rate("http_requests_total", "status", API))]),
        ("p99 by method", "s", "Without streams, imports and exports.",
         [("{{method}}", quantile(0.99, "http_request_duration_seconds", "method", TIMED))]),
        ("Hosts", "short", "Those that answer, and those that Prometheus knows.",
         [("up", 'sum(up{job="folkshelf"})'), ("known", 'count(up{job="folkshelf"})')]),
        ("Alerts", "short", "Those that fire now; the watchdog always does.",
         [("{{alertname}}", 'sum by (alertname) (ALERTS{alertstate="firing"})')]),
        ("Processor", "percentunit", "Of one core.", [("{{instance}}", 'rate(process_cpu_seconds_total{job="folkshelf"}[$__rate_interval])')]),
        ("Memory", "bytes", "Resident.", [("{{instance}}", 'process_resident_memory_bytes{job="folkshelf"}')]),
        ("Files and connections", "percentunit", "Of those that the process may have.",
         [("{{instance}}", 'process_open_fds{job="folkshelf"} / process_max_fds')]),
        ("Running since", "dateTimeAsIso", "A step is a restart.", [("{{instance}}", 'process_start_time_seconds{job="folkshelf"} * 1000')]),
    ]),
    ("api", "API", [
        ("Requests by route", "reqps", "", [("{{method}} {{route}}", rate("http_requests_total", "method, route", API))]),
        ("Share of 5xx", "percentunit", "Over five minutes.", [("5xx", 'folkshelf:objective_errors:ratio_rate5m{objective="availability"}')]),
        ("p99 by route", "s", "Over five minutes.", [("{{method}} {{route}}", "folkshelf:request_seconds:p99_5m")]),
        ("p50 by route", "s", "", [("{{method}} {{route}}", quantile(0.5, "http_request_duration_seconds", "method, route", TIMED))]),
        ("Requests by host", "reqps", "Uneven: a host is slow, or new.", [("{{instance}}", rate("http_requests_total", "instance", API))]),
        ("Sent away", "reqps", "Refused with 503 because too many were under way.", [("{{instance}}", rate("requests_shed_total", "instance"))]),
        ("Refused by limits", "reqps", "429, by the figure that refused them (docs/limits.md).",
         [("{{class}}", rate("rate_limited_total", "class"))]),
        ("Commands, p99", "s", "Without the wait for the views.", [("{{command}}", quantile(0.99, "command_duration_seconds", "command"))]),
        ("Queries, p99", "s", "", [("{{query}}", quantile(0.99, "query_duration_seconds", "query"))]),
        ("Web app", "reqps", "Pages and files of the web app; nginx answers most files itself.",
         [("{{status}}", rate("http_requests_total", "status", 'route="app"'))]),
    ]),
    ("events", "events", [
        ("Handled", "ops", "By subscription and outcome.", [("{{subscription}} {{outcome}}", rate("events_handled_total", "subscription, outcome"))]),
        ("From event to its handling, p99", "s", "", [("{{subscription}}", quantile(0.99, "event_handling_seconds", "subscription"))]),
        ("Age of the oldest event not handled", "s", "", [("{{subscription}}", "max by (subscription) (event_processing_lag)")]),
        ("Dead letters", "short", "", [("{{subscription}}", "max by (subscription) (event_dead_letters)")]),
        ("Hidden by an open transaction", "s", "Nobody sees events behind it.", [("hidden", "max(event_log_hidden_seconds)")]),
        ("Events of other databases late", "s", "Only where contexts have databases of their own.",
         [("{{context}} at {{instance}}", "event_bus_source_lag_seconds")]),
        ("Events from other databases", "ops", "Imported, and tries that failed.",
         [("{{context}} {{outcome}}", rate("event_bus_source_events_total", "context, outcome")),
          ("{{context}} failed: {{kind}}", rate("event_bus_source_faults_total", "context, kind"))]),
        ("Notifications", "ops", "Put into inboxes, by kind.", [("{{kind}}", rate("notifications_sent_total", "kind"))]),
    ]),
    ("jobs", "jobs and mail", [
        ("Jobs late", "s", "Since they should have been done, by their schedule.", [("{{job}}", "max by (job) (job_overdue_seconds)")]),
        ("Runs in the last day", "short", "By how they ended.",
         [("{{job}} {{outcome}}", "sum by (job, outcome) (increase(job_runs_total[1d]))")]),
        ("Running", "short", "One at a time of each job.", [("{{job}}", "sum by (job) (job_running)")]),
        ("A run takes, p99", "s", "From its begin to its end, on whichever hosts.",
         [("{{job}}", quantile(0.99, "job_run_seconds", "job"))]),
        ("Letters", "ops", "What became of them at each try: sent, later, away, given_up, dropped.",
         [("{{outcome}}", rate("mail_sent_total", "outcome"))]),
        ("Age of the oldest letter not sent", "s", "untried: no mail server was there; deferred: one does not take it yet.",
         [("{{state}}", "max by (state) (mail_oldest_unsent_seconds)")]),
        ("Letters given up", "short", "Kept for two weeks, or until they are retried.", [("given up", "max(mail_given_up)")]),
    ]),
    ("read-side", "read side", [
        ("Views late", "s", "", [("{{context}}", "max by (context) (views_late_seconds)")]),
        ("Share of reads answered from memory and from Redis", "percentunit", "Since the start of each host.",
         [("{{projection}} {{level}}", "avg by (projection, level) (cache_hit_rate)")]),
        ("Reads of projections", "ops", "hit, miss, not_ready, failed.", [("{{projection}} {{outcome}}", rate("read_store_reads_total", "projection, outcome"))]),
        ("Documents written", "ops", "", [("{{projection}}", rate("projection_documents_written_total", "projection"))]),
        ("Rebuilds", "short", "Since each host's start.", [("{{projection}} {{outcome}}", "sum by (projection, outcome) (projection_rebuilds_total)")]),
        ("Queries by outcome", "ops", "", [("{{outcome}}", rate("query_duration_seconds_count", "outcome"))]),
    ]),
    ("stores", "PostgreSQL and Redis", [
        ("PostgreSQL's breaker", "short", "0 closed, 1 half open, 2 open.", [("{{instance}}", "database_breaker_state")]),
        ("Redis' breaker", "short", "0 closed, 1 half open, 2 open.", [("{{instance}}", "read_store_breaker_state")]),
        ("Calls to Redis", "ops", "", [("{{operation}} {{outcome}}", rate("redis_operations_total", "operation, outcome"))]),
        ("Commands by outcome", "ops", "Each is a transaction in PostgreSQL.", [("{{outcome}}", rate("command_duration_seconds_count", "outcome"))]),
        ("Clock against PostgreSQL's", "s", "", [("{{instance}}", "clock_offset_seconds")]),
        ("Replica behind", "s", "Age of the oldest event that it lacks; beyond 5 s it is not used.", [("{{instance}}", "database_replica_lag_seconds")]),
        ("Reads that a replica may answer", "ops", "By who did.", [("{{by}}", rate("database_replica_reads_total", "by"))]),
        ("Permits given without Redis", "ops", "", [("{{instance}}", rate("rate_limits_counted_alone_total", "instance"))]),
    ]),
    ("community", "community", [
        ("What members do", "ops", "Commands that were done, by name.",
         [("{{command}}", rate("command_duration_seconds_count", "command", 'outcome="done"'))]),
        ("In the last day", "short", "The same, counted.",
         [("{{command}}", 'sum by (command) (increase(command_duration_seconds_count{outcome="done"}[1d]))')]),
        ("Told to members in the last day", "short", "By kind of notification.", [("{{kind}}", "sum by (kind) (increase(notifications_sent_total[1d]))")]),
        ("Catalogue and searches", "reqps", "", [("{{route}}", rate("http_requests_total", "route", 'method="GET",route=~"/api/v1/books.*"'))]),
    ]),
]


def panel(number: int, title: str, unit: str, description: str, targets: list[tuple[str, str]]) -> timeseries.Panel:
    legend = (common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.TABLE)
              .placement(LegendPlacement.RIGHT).calcs(["lastNotNull", "max"]))
    made = (timeseries.Panel().id(number + 1).title(title).description(description).unit(unit).datasource(SOURCE)
            .legend(legend).tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
            .grid_pos(GridPos(h=8, w=12, x=12 * (number % 2), y=8 * (number // 2))))
    # A clock may be ahead; a moment is no distance from zero.
    if not (title.startswith("Clock") or unit == "dateTimeAsIso"):
        made.min(0)
    for letter, (legend, expression) in zip("ABCDEFG", targets):
        made.with_target(prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(letter).range())
    return made


def build(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file, title, panels in DASHBOARDS:
        board = (dashboard.Dashboard(f"Folkshelf: {title}").uid(f"folkshelf-{file}").tags(["folkshelf"]).readonly()
                 .refresh("30s").time("now-3h", "now").timezone("browser"))
        for number, (name, unit, description, targets) in enumerate(panels):
            board.with_panel(panel(number, name, unit, description, targets))
        text = json.dumps(json.loads(JSONEncoder(sort_keys=True).encode(board.build())), indent=1, sort_keys=True)
        (folder / f"{file}.json").write_text(text + "\n")


build(Path(sys.argv[1]))
