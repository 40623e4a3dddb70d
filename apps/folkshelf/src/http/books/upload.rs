//! A file on its way from a request to the thread that reads it. Bounded: a client that sends faster than we store is slowed
//! down, and nothing of the file is held but the pieces under way.

use std::io;

use actix_web::web::Bytes;
use tokio::sync::mpsc;

/// Pieces that may wait to be read.
const WAITING: usize = 16;

enum Piece {
    Bytes(Bytes),
    End,
}

/// The sending end, for the route that reads the request.
pub(super) struct Sender(mpsc::Sender<Piece>);

/// The reading end, for a thread that may block.
pub(super) struct Incoming {
    receiver: mpsc::Receiver<Piece>,
    piece: Bytes,
    ended: bool,
}

/// Nobody reads the file any more: it was refused, or has all been taken.
#[derive(Debug)]
pub(super) struct Closed;

pub(super) fn channel() -> (Sender, Incoming) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Sender(sender), Incoming { receiver, piece: Bytes::new(), ended: false })
}

impl Sender {
    pub(super) async fn send(&self, bytes: Bytes) -> Result<(), Closed> {
        self.0.send(Piece::Bytes(bytes)).await.map_err(|_| Closed)
    }

    /// The file is complete. Without this word it counts as broken off.
    pub(super) async fn finish(self) -> Result<(), Closed> {
        self.0.send(Piece::End).await.map_err(|_| Closed)
    }
}

impl io::Read for Incoming {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.piece = bytes,
                Some(Piece::End) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let taken = self.piece.len().min(into.len());
        into[..taken].copy_from_slice(&self.piece.split_to(taken));
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[tokio::test]
    async fn a_file_is_read_as_it_was_sent() {
        let (sender, mut incoming) = channel();
        let reader = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            incoming.read_to_string(&mut text).map(|_| text)
        });
        for piece in ["Emma,", "", "Jane Austen"] {
            sender.send(Bytes::from_static(piece.as_bytes())).await.unwrap();
        }
        sender.finish().await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), "Emma,Jane Austen");
    }

    #[tokio::test]
    async fn half_a_file_does_not_pass_for_a_whole_one() {
        let (sender, mut incoming) = channel();
        sender.send(Bytes::from_static(b"Emma")).await.unwrap();
        drop(sender);
        let read = tokio::task::spawn_blocking(move || incoming.read_to_end(&mut Vec::new()));
        assert_eq!(read.await.unwrap().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn whoever_sends_to_nobody_learns_it() {
        let (sender, incoming) = channel();
        drop(incoming);
        assert!(sender.send(Bytes::from_static(b"Emma")).await.is_err());
    }
}
