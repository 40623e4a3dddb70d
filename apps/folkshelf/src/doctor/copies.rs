//! What is left when PostgreSQL's machine is lost: its archive, from which backups are restored to a moment, and its standbys.

use database::{Slot, Standing};

use crate::doctor::finding::Finding;

const ARCHIVE: &str = "archive";
const REPLICATION: &str = "replication";

/// Seconds without anything archived, beyond what `archive_timeout` allows, that are worth a look.
const QUIET: f64 = 600.0;
/// Bytes that a server keeps for somebody who does not come: a disk fills by it.
const KEPT: i64 = 1 << 30;
/// Bytes by which a standby may be behind.
const BEHIND: i64 = 256 << 20;
const MIB: i64 = 1 << 20;

pub fn look(standing: &Standing, slots: &[Slot]) -> Vec<Finding> {
    let mut findings = vec![archive(standing)];
    findings.extend(replication(standing, slots));
    findings
}

fn archive(standing: &Standing) -> Finding {
    if !standing.archives {
        let what = "archive_mode is off: what happened since the last backup is lost with the machine";
        return Finding::look(ARCHIVE, what, "Set up backups with an archive: docs/backup.md.");
    }
    if standing.archiving_fails {
        let what = "the last try to archive failed; PostgreSQL keeps what it has not archived until its disk is full";
        return Finding::wrong(
            ARCHIVE,
            what,
            "Its log says why. Then, as its user: pgbackrest --stanza=folkshelf check.",
        );
    }
    match standing.archived_seconds_ago {
        None => {
            Finding::look(ARCHIVE, "nothing was archived yet", "pgbackrest --stanza=folkshelf check archives at once.")
        }
        Some(ago) if ago > standing.archives_every as f64 * 3.0 + QUIET => {
            let what = format!("the last was archived {ago:.0} s ago");
            let todo = "Set archive_timeout (deploy/backup/archive.conf); see PostgreSQL's log where it is set.";
            Finding::look(ARCHIVE, what, todo)
        }
        Some(ago) => Finding::fine(ARCHIVE, format!("works; the last was archived {ago:.0} s ago")),
    }
}

fn replication(standing: &Standing, slots: &[Slot]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if standing.waits_in_vain {
        let what = "synchronous_standby_names is set and no such standby is connected: every write waits";
        let todo = "Bring the standby back, or: alter system reset synchronous_standby_names; select pg_reload_conf();";
        findings.push(Finding::wrong(REPLICATION, what, todo));
    }
    for slot in slots {
        let Slot { name, active, lost, kept } = slot;
        let todo = format!("Bring back who reads it, or, when nobody does: select pg_drop_replication_slot('{name}');");
        if *lost {
            let what = format!("what the slot {name} needs is gone: its standby must be made anew");
            findings.push(Finding::wrong(REPLICATION, what, todo));
        } else if !active && *kept > KEPT {
            let what = format!("nobody reads the slot {name}, and {} MiB are kept for it", kept / MIB);
            findings.push(Finding::wrong(REPLICATION, what, todo));
        } else if !active {
            findings.push(Finding::look(REPLICATION, format!("nobody reads the slot {name}"), todo));
        }
    }
    match standing.standby_behind {
        Some(behind) if behind > BEHIND => {
            let what = format!("a standby is {} MiB behind", behind / MIB);
            findings.push(Finding::look(REPLICATION, what, "See its load, its disk and the line to it."));
        }
        _ if standing.standbys > 0 && !standing.sees_standbys => {
            let what =
                format!("{} standbys; how they are is not shown to the owner of the database", standing.standbys);
            findings.push(Finding::look(
                REPLICATION,
                what,
                "As a superuser: grant pg_monitor to the role of database.url.",
            ));
        }
        _ if findings.is_empty() => {
            let what = match standing.standbys {
                0 => "no standby; when the machine is lost a backup is restored".to_owned(),
                standbys => format!("{standbys} standbys, none far behind"),
            };
            findings.push(Finding::fine(REPLICATION, what));
        }
        _ => {}
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    fn standing() -> Standing {
        Standing {
            version: 150_018,
            version_text: "15.18".to_owned(),
            is_standby: false,
            may_lose_writes: false,
            acknowledges_early: false,
            has_checksums: true,
            archives: true,
            archiving_fails: false,
            archived_seconds_ago: Some(30.0),
            archives_every: 60,
            unfrozen: 5,
            prepared: 0,
            sees_standbys: true,
            standbys: 0,
            standby_behind: None,
            waits_in_vain: false,
        }
    }

    fn slot(active: bool, lost: bool, kept: i64) -> Slot {
        Slot { name: "s1".to_owned(), active, lost, kept }
    }

    #[test]
    fn an_archive_that_fails_is_wrong_and_a_missing_or_quiet_one_worth_a_look() {
        let fine = standing();
        assert_eq!(archive(&fine).verdict, Verdict::Fine);
        let seen = |change: fn(&mut Standing)| {
            let mut standing = standing();
            change(&mut standing);
            archive(&standing).verdict
        };
        assert_eq!(seen(|standing| standing.archives = false), Verdict::Look);
        assert_eq!(seen(|standing| standing.archiving_fails = true), Verdict::Wrong);
        assert_eq!(seen(|standing| standing.archived_seconds_ago = None), Verdict::Look);
        assert_eq!(seen(|standing| standing.archived_seconds_ago = Some(700.0)), Verdict::Fine);
        assert_eq!(seen(|standing| standing.archived_seconds_ago = Some(800.0)), Verdict::Look);
    }

    #[test]
    fn a_slot_that_nobody_reads_and_a_commit_that_waits_in_vain_are_named() {
        let verdicts = |standing: &Standing, slots: &[Slot]| {
            replication(standing, slots).iter().map(|finding| finding.verdict).collect::<Vec<_>>()
        };
        let mut server = standing();
        assert_eq!(verdicts(&server, &[slot(true, false, KEPT * 2)]), [Verdict::Fine]);
        assert_eq!(verdicts(&server, &[slot(false, false, 0)]), [Verdict::Look]);
        assert_eq!(verdicts(&server, &[slot(false, false, KEPT + 1)]), [Verdict::Wrong]);
        assert_eq!(verdicts(&server, &[slot(false, true, 0)]), [Verdict::Wrong]);
        server.waits_in_vain = true;
        assert_eq!(verdicts(&server, &[]), [Verdict::Wrong]);
        let far = Standing { standbys: 1, standby_behind: Some(BEHIND + 1), ..standing() };
        assert_eq!(verdicts(&far, &[]), [Verdict::Look]);
        let unseen = Standing { standbys: 1, sees_standbys: false, ..standing() };
        assert_eq!(verdicts(&unseen, &[]), [Verdict::Look]);
    }
}
