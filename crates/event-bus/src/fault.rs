//! Telling a database that is away from a defect of ours: the first is worth waiting for, the second is not.

use kernel::ErrorKind;

/// Whether the same statement may work once PostgreSQL is back: lost connections, time-outs, an exhausted pool, a
/// server that is starting or stopping, a serialization failure or deadlock.
pub fn unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Classes: 08 connection, 53 resources, 57 operator intervention (incl. statement_timeout), 40 rollback.
            // And three codes: a lock that was not to be had, a transaction that was idle for too long, a server that takes
            // no writes, such as a standby before it is promoted.
            ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class))
                || ["55P03", "25P03", "25006"].contains(&&*code)
        }),
        // A connection that dies while a message is read shows as a protocol error.
        sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}

/// Whether a transaction was undone only because of another one (serialization failure, deadlock), however deep the
/// error is wrapped: started over at once it may well succeed.
pub fn undone_by_another(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(sqlx::Error::Database(error)) = error.downcast_ref::<sqlx::Error>() {
            return matches!(error.code().as_deref(), Some("40001" | "40P01"));
        }
        cause = error.source();
    }
    false
}

/// The same as [`unavailable`] for another server that a handler needs, Redis above all: its client tells what is away as an `io::Error`.
pub(crate) fn server_away(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as Io;
    matches!(
        error.kind(),
        Io::NotConnected
            | Io::ConnectionRefused
            | Io::ConnectionReset
            | Io::ConnectionAborted
            | Io::BrokenPipe
            | Io::TimedOut
            | Io::ResourceBusy
    )
}

/// The kind a refusal has when its cause is the database.
pub fn error_kind(error: &sqlx::Error) -> ErrorKind {
    if unavailable(error) { ErrorKind::Unavailable } else { ErrorKind::Internal }
}
