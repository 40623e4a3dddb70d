//! The bytes of a file as they come in. Bounded: a client that sends faster than we store is slowed down, and nothing of
//! the file is held but the pieces under way.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

/// Pieces that may wait to be read.
const WAITING: usize = 16;

enum Piece {
    Bytes(Vec<u8>),
    End,
}

/// The receiving end, to be handed over with the command.
#[derive(Clone)]
pub struct Upload(Arc<Mutex<Option<mpsc::Receiver<Piece>>>>);

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload")
    }
}

/// The sending end, for whoever reads the request.
pub struct UploadSender(mpsc::Sender<Piece>);

/// Nobody reads the file any more: it was refused, or has all been taken.
#[derive(Debug, thiserror::Error)]
#[error("the file is not read any further")]
pub struct UploadClosed;

impl Upload {
    pub fn channel() -> (UploadSender, Upload) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (UploadSender(sender), Upload(Arc::new(Mutex::new(Some(receiver)))))
    }

    /// For the one who reads it. `None`: it is being read already.
    pub(crate) fn take(&self) -> Option<Incoming> {
        let receiver = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Incoming { receiver, piece: Vec::new(), read: 0, ended: false })
    }
}

impl UploadSender {
    pub async fn send(&self, bytes: Vec<u8>) -> Result<(), UploadClosed> {
        self.0.send(Piece::Bytes(bytes)).await.map_err(|_| UploadClosed)
    }

    /// The file is complete. Without this word it counts as broken off: half a file must not pass for a whole one.
    pub async fn finish(self) -> Result<(), UploadClosed> {
        self.0.send(Piece::End).await.map_err(|_| UploadClosed)
    }
}

/// The file as a reader, for a thread that may block.
pub(crate) struct Incoming {
    receiver: mpsc::Receiver<Piece>,
    piece: Vec<u8>,
    read: usize,
    ended: bool,
}

impl io::Read for Incoming {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.read == self.piece.len() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Piece::Bytes(bytes)) => (self.piece, self.read) = (bytes, 0),
                Some(Piece::End) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let rest = &self.piece[self.read..];
        let taken = rest.len().min(into.len());
        into[..taken].copy_from_slice(&rest[..taken]);
        self.read += taken;
        Ok(taken)
    }
}
