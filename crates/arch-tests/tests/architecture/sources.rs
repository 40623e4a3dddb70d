//! Habits that can be read off the files.

use crate::workspace::{self, Allowed, File, assert_none, except};

// --- no file that nobody reads to its end ---------------------------------------------------------------------------

const LINES: usize = 400;

/// Longer files that have to be.
const LONG: &[Allowed] = &[Allowed {
    path: "apps/web/src/api/schema.d.ts",
    since: "2026-11-21",
    reason: "generated from the OpenAPI document and compared with it by every check: nobody reads or writes it",
}];

fn long_files(files: &[File]) -> Vec<String> {
    let lines = files.iter().map(|file| (file, file.text.lines().count()));
    lines.filter(|(_, lines)| *lines > LINES).map(|(file, lines)| format!("{}: {lines} lines", file.path)).collect()
}

fn all_files() -> Vec<File> {
    let mut files = workspace::files("crates", &[".rs"]);
    for (folder, endings) in
        [("apps", &[".rs", ".ts", ".tsx"][..]), ("loadtest", &[".rs"]), ("migrations", &[".sql"]), ("scripts", &[""])]
    {
        files.extend(workspace::files(folder, endings));
    }
    assert!(files.len() > 50, "there are files");
    files
}

#[test]
fn no_file_is_longer_than_400_lines() {
    assert_none(&except(long_files(&all_files()), LONG));
}

#[test]
fn canary_a_long_file_is_seen() {
    let files = [LINES + 1, LINES].map(|lines| File::new("a.rs", &"x\n".repeat(lines)));
    assert_eq!(long_files(&files), ["a.rs: 401 lines"]);
}

// --- names that say something -----------------------------------------------------------------------------------------

const NAMES_THAT_SAY_NOTHING: [&str; 8] =
    ["utils", "util", "common", "helpers", "helper", "misc", "shared", "lib_utils"];

fn empty_names(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| {
            let mut parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or_default());
            parts.any(|part| NAMES_THAT_SAY_NOTHING.contains(&part))
        })
        .map(|file| format!("{}: its name says nothing", file.path))
        .collect()
}

#[test]
fn no_module_is_named_utils_common_or_helpers() {
    assert_none(&empty_names(&all_files()));
}

#[test]
fn canary_an_empty_name_is_seen() {
    let files = ["src/utils.rs", "src/common/mod.rs", "src/commonwealth.rs"].map(|path| File::new(path, ""));
    assert_eq!(
        empty_names(&files),
        ["src/utils.rs: its name says nothing", "src/common/mod.rs: its name says nothing"]
    );
}

// --- time comes in from outside ---------------------------------------------------------------------------------------

const CLOCKS: [&str; 5] = ["now_utc(", "Utc::now(", "SystemTime::now(", "Timestamp::now(", "Zoned::now("];

/// Who else may look at the machine's clock.
const CLOCK_READERS: &[Allowed] = &[Allowed {
    path: "crates/telemetry/src/json.rs",
    since: "2026-11-21",
    reason: "a log line tells the machine's time, whatever clock the program uses",
}];

fn own_clocks(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| file.path != "crates/kernel/src/clock.rs") {
        for (number, line) in file.code() {
            if CLOCKS.iter().any(|clock| line.contains(clock)) {
                breaches.push(format!("{}:{number}: asks the machine for the time", file.path));
            }
        }
    }
    breaches
}

#[test]
fn only_the_kernels_clock_asks_the_machine_for_the_time() {
    let mut files = workspace::files("crates", &[".rs"]);
    files.extend(workspace::files("apps", &[".rs"]));
    // This file names them to find them.
    files.retain(|file| file.path != "crates/arch-tests/tests/architecture/sources.rs");
    assert_none(&except(own_clocks(&files), CLOCK_READERS));
}

#[test]
fn canary_a_clock_of_ones_own_is_seen() {
    let text = "// OffsetDateTime::now_utc() is not for us\nlet now = OffsetDateTime::now_utc();";
    let files = [File::new("crates/books/src/a.rs", text), File::new("crates/kernel/src/clock.rs", text)];
    assert_eq!(own_clocks(&files), ["crates/books/src/a.rs:2: asks the machine for the time"]);
}

// --- what is pure looks at nothing but its arguments -------------------------------------------------------------------

const PURE: [&str; 2] = ["crates/kernel/src", "crates/bibliography/src"];

const OUTSIDE: [&str; 7] = ["std::fs", "std::net", "std::env", "std::process", "std::thread", "println!(", "async fn "];

fn outside_contacts(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files {
        for (number, line) in file.code() {
            if let Some(outside) = OUTSIDE.iter().find(|outside| line.contains(**outside)) {
                breaches.push(format!("{}:{number}: is to be pure, and has {}", file.path, outside.trim()));
            }
        }
    }
    breaches
}

#[test]
fn what_is_pure_has_no_io_of_its_own() {
    let files: Vec<File> = PURE.iter().flat_map(|folder| workspace::files(folder, &[".rs"])).collect();
    assert!(files.len() > 20, "there are files");
    assert_none(&outside_contacts(&files));
}

#[test]
fn canary_a_pure_file_that_reads_another_is_seen() {
    let text = "//! no std::fs here\nlet table = std::fs::read(path)?;\nasync fn ask() {}";
    let files = [File::new("crates/bibliography/src/a.rs", text)];
    assert_eq!(
        outside_contacts(&files),
        [
            "crates/bibliography/src/a.rs:2: is to be pure, and has std::fs",
            "crates/bibliography/src/a.rs:3: is to be pure, and has async fn"
        ]
    );
}

// --- one horizon ------------------------------------------------------------------------------------------------------

fn own_horizons(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with("migrations/event_bus/")) {
        for (number, line) in file.code() {
            if line.contains("pg_snapshot_xmin") {
                breaches.push(format!("{}:{number}: has a horizon of its own", file.path));
            }
        }
    }
    breaches
}

#[test]
fn whoever_reads_the_logs_order_stops_at_the_one_horizon() {
    let mut files = all_files();
    // This file names it to find it.
    files.retain(|file| file.path != "crates/arch-tests/tests/architecture/sources.rs");
    assert_none(&own_horizons(&files));
}

#[test]
fn canary_a_horizon_of_ones_own_is_seen() {
    let text = "// not pg_snapshot_xmin\nwhere transaction < pg_snapshot_xmin(pg_current_snapshot())";
    let files = [File::new("crates/books/src/a.rs", text), File::new("migrations/event_bus/0003_horizon.sql", text)];
    assert_eq!(own_horizons(&files), ["crates/books/src/a.rs:2: has a horizon of its own"]);
}
