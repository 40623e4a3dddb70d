//! The machine of this host: room on its disk, open files.

use std::path::Path;

use crate::doctor::finding::Finding;
use crate::settings::Settings;

const UPLOADS: &str = "uploads";
const FILES: &str = "open files";
/// Files and connections of a host beside those that are counted here.
const OTHER_FILES: usize = 200;

pub fn look(settings: &Settings) -> Vec<Finding> {
    let uploads = settings.uploads.directory.clone().unwrap_or_else(std::env::temp_dir);
    vec![
        room(&uploads, settings.uploads.spool_mib),
        open_files(std::fs::read_to_string("/proc/self/limits").ok().as_deref(), settings),
    ]
}

/// Whether files on their way in have the room that the configuration promises them.
fn room(folder: &Path, wanted_mib: u64) -> Finding {
    let shown = folder.display();
    let free = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize) / 1_048_576,
        Err(error) => {
            let what = format!("{shown} cannot be looked at: {error}");
            return Finding::wrong(UPLOADS, what, "Make the folder, or set uploads.directory to another.");
        }
    };
    if let Err(error) = tempfile::tempfile_in(folder) {
        let what = format!("{shown} takes no files: {error}");
        return Finding::wrong(
            UPLOADS,
            what,
            "Give the host's user the right to write there, or set uploads.directory.",
        );
    }
    if free < wanted_mib {
        let what = format!("{shown} has {free} MiB free, and uploads.spool_mib promises {wanted_mib}");
        return Finding::wrong(
            UPLOADS,
            what,
            "Free some of that disk, set uploads.directory, or lower uploads.spool_mib.",
        );
    }
    Finding::fine(UPLOADS, format!("{shown} has {free} MiB free, {wanted_mib} are needed at most"))
}

/// Each stream and each request takes a connection. `limits` is Linux's list.
fn open_files(limits: Option<&str>, settings: &Settings) -> Finding {
    let wanted = settings.streams.per_host
        + settings.http.max_requests_in_flight
        + settings.database.connections as usize
        + OTHER_FILES;
    let line = limits.and_then(|limits| limits.lines().find_map(|line| line.strip_prefix("Max open files")));
    let Some(allowed) = line.and_then(|line| line.split_whitespace().next()) else {
        return Finding::fine(FILES, "this system does not tell how many are allowed");
    };
    match allowed.parse::<usize>() {
        Ok(allowed) if allowed < wanted => {
            let what = format!("{allowed} are allowed, and this configuration may need {wanted}");
            Finding::look(FILES, what, "Raise the limit (LimitNOFILE= of its unit), or lower streams.per_host.")
        }
        _ => Finding::fine(FILES, format!("{allowed} are allowed, {wanted} needed at most")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn a_disk_without_the_promised_room_and_a_folder_that_is_not_there_are_wrong() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(room(folder.path(), 0).verdict, Verdict::Fine);
        let full = room(folder.path(), u64::MAX);
        assert!(full.verdict == Verdict::Wrong && full.what.contains("uploads.spool_mib"), "{full}");
        assert_eq!(room(&folder.path().join("nowhere"), 0).verdict, Verdict::Wrong);
    }

    #[test]
    fn too_few_open_files_are_worth_a_look() {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
        file.write_all(br#"environment = "development""#).expect("written");
        let settings = Settings::load(Some(file.path()), None).expect("the defaults");
        let limits = |allowed| format!("Limit  Soft  Hard\nMax open files            {allowed}  {allowed}  files\n");
        assert_eq!(open_files(Some(&limits("1024")), &settings).verdict, Verdict::Look);
        for enough in ["65536", "unlimited"] {
            assert_eq!(open_files(Some(&limits(enough)), &settings).verdict, Verdict::Fine);
        }
    }
}
