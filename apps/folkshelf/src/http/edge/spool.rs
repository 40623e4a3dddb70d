//! Files on their way in. A file is whole, on the disk, before anybody works on it: what others wait for is never held
//! while a client sends. What is on its way is bounded in bytes, in time and by member, and must keep coming.
//!
//! A file has no name on the disk, so it is gone with its request, and with the host, however either ends.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};
use kernel::UserId;
use prometheus::{IntCounterVec, IntGauge, register_int_counter_vec, register_int_gauge};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use super::at_once::{AtOnce, Turn};
use super::problem::Problem;
use crate::settings::Uploads;

/// Over this long the rate of an upload is taken.
const SPAN: Duration = Duration::from_secs(10);
/// When a full disk is worth another try.
const ROOM_AGAIN: Duration = Duration::from_secs(10);
/// When half of the room is taken, a member holds at most one part in so many of what is left.
const PARTS_OF_WHAT_IS_LEFT: u64 = 16;
/// One part in so many of the room is for small files alone.
const PARTS_FOR_SMALL_FILES: u64 = 16;
/// A member's files are small when they take one part in so many of the room.
const PARTS_OF_A_SMALL_FILE: u64 = 1_024;

static BYTES: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("uploads_spooled_bytes", "Bytes of files on their way in or being read.")
        .expect("each metric is registered once")
});

static REFUSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("uploads_refused_total", "Files refused on their way in.", &["why"])
        .expect("each metric is registered once")
});

/// Where files wait, and how many may.
pub struct Spools {
    settings: Uploads,
    at_once: Arc<AtOnce>,
    span: Duration,
    held: Mutex<Held>,
}

/// Bytes of the files that are there.
#[derive(Default)]
struct Held {
    bytes: u64,
    members: HashMap<UserId, u64>,
}

impl Held {
    /// Takes so many bytes more for this member, out of a room of `most`, if there is room for them. Whoever comes first may
    /// not take all of it: beyond half of the room each member's share becomes smaller with what is left, and the last part is
    /// for members whose files are small.
    fn grow(&mut self, user: UserId, more: u64, most: u64) -> bool {
        let bytes = self.bytes + more;
        let Some(left) = most.checked_sub(bytes) else { return false };
        let share = if bytes <= most / 2 {
            most
        } else if left >= most / PARTS_FOR_SMALL_FILES {
            left / PARTS_OF_WHAT_IS_LEFT
        } else {
            most / PARTS_OF_A_SMALL_FILE
        };
        let members = self.members.get(&user).copied().unwrap_or(0) + more;
        if members > share {
            return false;
        }
        self.bytes = bytes;
        self.members.insert(user, members);
        true
    }

    fn shrink(&mut self, user: UserId, less: u64) {
        self.bytes -= less;
        if let Some(members) = self.members.get_mut(&user) {
            *members -= less;
            if *members == 0 {
                self.members.remove(&user);
            }
        }
    }
}

/// A whole file. Its room is free again when it is dropped.
pub struct Spooled {
    file: File,
    pub digest: [u8; 32],
    _room: Room,
}

struct Room {
    spools: Arc<Spools>,
    user: UserId,
    bytes: u64,
    _turn: Turn,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.spools.held().shrink(self.user, self.bytes);
        BYTES.sub(i64::try_from(self.bytes).unwrap_or(0));
    }
}

impl Room {
    /// For so many bytes more, if there is.
    fn grow(&mut self, more: u64) -> Result<(), Problem> {
        let most = self.spools.settings.spool_mib * 1024 * 1024;
        if !self.spools.held().grow(self.user, more, most) {
            REFUSED.with_label_values(&["full"]).inc();
            return Err(Problem::no_room(ROOM_AGAIN));
        }
        self.bytes += more;
        BYTES.add(i64::try_from(more).unwrap_or(0));
        Ok(())
    }
}

impl Spools {
    pub fn new(settings: &Uploads) -> Arc<Self> {
        LazyLock::force(&BYTES);
        for why in ["at_once", "full", "slow", "too_large"] {
            REFUSED.with_label_values(&[why]);
        }
        let at_once = AtOnce::new(settings.per_member);
        Arc::new(Self { settings: settings.clone(), at_once, span: SPAN, held: Mutex::default() })
    }

    /// A turn to send a file, before anything of it is read.
    pub fn begin(self: &Arc<Self>, user: UserId) -> Result<Spool, Problem> {
        let Some(turn) = self.at_once.begin(user) else {
            REFUSED.with_label_values(&["at_once"]).inc();
            return Err(Problem::too_many_at_once(self.settings.per_member));
        };
        Ok(Spool(Room { spools: Arc::clone(self), user, bytes: 0, _turn: turn }))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self) -> PathBuf {
        self.settings.directory.clone().unwrap_or_else(std::env::temp_dir)
    }
}

/// A file that may be sent.
pub struct Spool(Room);

impl Spool {
    /// Takes the file in, to its end. `broken` is what its sender is told when it breaks off.
    pub async fn receive<E>(
        self,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
        most: usize,
        broken: impl Fn() -> Problem,
    ) -> Result<Spooled, Problem> {
        let mut room = self.0;
        let folder = room.spools.folder();
        let fault = |error: io::Error| Problem::internal(&error);
        let opened = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
        let mut file = opened.map_err(|error| Problem::internal(&error))?.map_err(fault)?;
        let mut hasher = Sha256::new();
        let span = room.spools.span;
        let least = u128::from(room.spools.settings.least_bytes_per_second) * span.as_millis() / 1_000;
        let (mut span_ends, mut in_span) = (Instant::now() + span, 0);
        loop {
            let Ok(chunk) = timeout_at(span_ends, body.next()).await else {
                if in_span < least {
                    REFUSED.with_label_values(&["slow"]).inc();
                    return Err(Problem::timed_out());
                }
                (span_ends, in_span) = (Instant::now() + span, 0);
                continue;
            };
            let Some(chunk) = chunk else { break };
            let chunk = chunk.map_err(|_| broken())?;
            in_span += chunk.len() as u128;
            room.grow(chunk.len() as u64)?;
            if room.bytes > most as u64 {
                REFUSED.with_label_values(&["too_large"]).inc();
                return Err(Problem::file_too_large(most));
            }
            hasher.update(&chunk);
            // Into the memory of the system: it waits for the disk only where there is much of it.
            let written = tokio::task::spawn_blocking(move || file.write_all(&chunk).map(|()| file)).await;
            file = written.map_err(|error| Problem::internal(&error))?.map_err(fault)?;
        }
        file.rewind().map_err(fault)?;
        Ok(Spooled { file, digest: hasher.finalize().into(), _room: room })
    }
}

impl Read for Spooled {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

impl Seek for Spooled {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn spools(spool_mib: u64) -> Arc<Spools> {
        Spools::new(&Uploads { per_member: 2, spool_mib, least_bytes_per_second: 1024, directory: None })
    }

    fn user() -> UserId {
        UserId::new(time::OffsetDateTime::UNIX_EPOCH)
    }

    fn broken() -> Problem {
        Problem::invalid_field("file", "could not be read to its end")
    }

    #[tokio::test]
    async fn a_file_is_read_as_it_was_sent_and_its_room_is_free_afterwards() {
        let spools = spools(1);
        let pieces = ["Emma,", "", "Jane Austen"].map(|piece| Ok::<_, ()>(Bytes::from_static(piece.as_bytes())));
        let spool = spools.begin(user()).unwrap();
        let mut spooled = spool.receive(stream::iter(pieces), 100, broken).await.unwrap();
        let mut text = String::new();
        spooled.read_to_string(&mut text).unwrap();
        assert_eq!(text, "Emma,Jane Austen");
        assert_eq!(spooled.digest, <[u8; 32]>::from(Sha256::digest("Emma,Jane Austen")));
        assert_eq!(spools.held().bytes, 16);
        drop(spooled);
        let held = spools.held();
        assert_eq!((held.bytes, held.members.len()), (0, 0));
    }

    #[tokio::test]
    async fn half_a_file_does_not_pass_for_a_whole_one_and_leaves_nothing() {
        let spools = spools(1);
        let half = stream::iter([Ok(Bytes::from_static(b"Emma")), Err(())]);
        let spool = spools.begin(user()).unwrap();
        assert!(spool.receive(half, 100, broken).await.is_err());
        assert_eq!(spools.held().bytes, 0);
    }

    #[tokio::test]
    async fn what_is_on_its_way_is_bounded() {
        let spools = spools(2);
        let piece = || stream::iter([Ok::<_, ()>(Bytes::from(vec![0; 600 * 1024]))]);
        let first = spools.begin(user()).unwrap().receive(piece(), 1024 * 1024, broken).await.unwrap();
        let second = spools.begin(user()).unwrap().receive(piece(), 1024 * 1024, broken).await;
        assert!(second.err().unwrap().to_string().starts_with("UNAVAILABLE"));
        drop(first);
        assert!(spools.begin(user()).unwrap().receive(piece(), 1024 * 1024, broken).await.is_ok());
        let large = spools.begin(user()).unwrap().receive(piece(), 1024, broken).await;
        assert!(large.err().unwrap().to_string().starts_with("FILE_TOO_LARGE"));
    }

    #[tokio::test]
    async fn many_members_who_hold_all_that_they_may_leave_room_for_another_one() {
        let spools = spools(32);
        // Two files each, of one MiB at most and as large as there is room for: sixteen members would fill it.
        let greedy = |members: usize| -> Vec<Room> {
            let mut rooms = Vec::new();
            for user in (0..members).map(|_| user()) {
                for _ in 0..2 {
                    let Spool(mut room) = spools.begin(user).unwrap();
                    while room.bytes < 1024 * 1024 && room.grow(4 * 1024).is_ok() {}
                    rooms.push(room);
                }
            }
            rooms
        };
        let file = |kib: usize| {
            let pieces = vec![Ok::<_, ()>(Bytes::from(vec![0; 1024])); kib];
            spools.begin(user()).unwrap().receive(stream::iter(pieces), 1024 * 1024, broken)
        };
        let some = greedy(16);
        assert!(file(500).await.is_ok());
        let more = greedy(80);
        assert!(file(500).await.is_err(), "the canary: they hold all that they may");
        assert!(file(30).await.is_ok());
        drop((some, more));
        assert!(file(1024).await.is_ok());
    }

    #[tokio::test]
    async fn a_file_that_does_not_keep_coming_is_given_up() {
        let settings = Uploads { per_member: 2, spool_mib: 1, least_bytes_per_second: 1024, directory: None };
        let quick = Spools { span: Duration::from_millis(300), ..Arc::into_inner(Spools::new(&settings)).unwrap() };
        let spools = Arc::new(quick);
        let every = |pause: u64, piece: &'static [u8]| {
            stream::unfold((), move |()| async move {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                Some((Ok::<_, ()>(Bytes::from_static(piece)), ()))
            })
        };
        // A byte every 20 ms, for ever.
        let trickle = Box::pin(every(20, b"x"));
        let refused = spools.begin(user()).unwrap().receive(trickle, 1024 * 1024, broken).await;
        assert!(refused.err().unwrap().to_string().starts_with("REQUEST_TIMEOUT"));
        // One that is slow and keeps coming is taken.
        let steady = Box::pin(every(20, &[b'x'; 2048]).take(60));
        assert!(spools.begin(user()).unwrap().receive(steady, 1024 * 1024, broken).await.is_ok());
    }
}
