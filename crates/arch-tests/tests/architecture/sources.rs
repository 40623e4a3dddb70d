//! Habits that can be read off the files.

use crate::workspace::{self, File, assert_none};

/// An exception: since when, and why.
struct Allowed {
    path: &'static str,
    since: &'static str,
    reason: &'static str,
}

// --- no file that nobody reads to its end ---------------------------------------------------------------------------

const LINES: usize = 400;

/// Longer files that have to be. One that is short enough again fails here.
const ALLOWED: &[Allowed] = &[];

fn long_files(files: &[File], allowed: &[Allowed]) -> Vec<String> {
    let lines = |file: &File| file.text.lines().count();
    let excused = |file: &File| allowed.iter().any(|one| one.path == file.path);
    let too_long = files.iter().filter(|file| lines(file) > LINES && !excused(file));
    let mut breaches: Vec<String> = too_long.map(|file| format!("{}: {} lines", file.path, lines(file))).collect();
    let stale = allowed.iter().filter(|one| {
        let file = files.iter().find(|file| file.path == one.path);
        file.is_none_or(|file| lines(file) <= LINES) || one.since.len() != "2026-01-31".len() || one.reason.is_empty()
    });
    breaches
        .extend(stale.map(|one| format!("{}: an exception that is stale or says not since when and why", one.path)));
    breaches
}

fn all_files() -> Vec<File> {
    let mut files = workspace::files("crates", &[".rs"]);
    for (folder, endings) in [("apps", &[".rs", ".ts", ".tsx"][..]), ("migrations", &[".sql"]), ("scripts", &[""])] {
        files.extend(workspace::files(folder, endings));
    }
    assert!(files.len() > 50, "there are files");
    files
}

#[test]
fn no_file_is_longer_than_400_lines() {
    assert_none(&long_files(&all_files(), ALLOWED));
}

#[test]
fn canary_a_long_file_and_a_stale_exception_are_seen() {
    let long = File::new("a.rs", &"x\n".repeat(LINES + 1));
    let short = File::new("b.rs", &"x\n".repeat(LINES));
    let files = [long, short];
    assert_eq!(long_files(&files, &[]), ["a.rs: 401 lines"]);
    let excuse = |path| Allowed { path, since: "2026-01-31", reason: "a table" };
    assert_none(&long_files(&files, &[excuse("a.rs")]));
    for stale in ["b.rs", "gone.rs"] {
        assert_eq!(long_files(&files, &[excuse("a.rs"), excuse(stale)]).len(), 1);
    }
    let unexplained = Allowed { path: "a.rs", since: "", reason: "a table" };
    assert_eq!(long_files(&files, &[unexplained]).len(), 1);
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
    assert_none(&own_clocks(&files));
}

#[test]
fn canary_a_clock_of_ones_own_is_seen() {
    let text = "// OffsetDateTime::now_utc() is not for us\nlet now = OffsetDateTime::now_utc();";
    let files = [File::new("crates/books/src/a.rs", text), File::new("crates/kernel/src/clock.rs", text)];
    assert_eq!(own_clocks(&files), ["crates/books/src/a.rs:2: asks the machine for the time"]);
}
