//! A file that has come in whole.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Serialize, Serializer};

/// What a file is kept as until it is read.
pub trait Kept: Read + Seek + Send {}

impl<T: Read + Seek + Send> Kept for T {}

/// The file, to be handed over with the command. Cheap to clone, and read by one at a time.
#[derive(Clone)]
pub struct Upload {
    file: Arc<Mutex<Option<Box<dyn Kept>>>>,
    digest: [u8; 32],
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload")
    }
}

/// Its digest stands for it: an idempotency key covers the bytes.
impl Serialize for Upload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.digest.serialize(serializer)
    }
}

impl Upload {
    /// A whole file and its SHA-256. Read on a thread that may block, at our pace: nobody sends it any more.
    pub fn new(file: impl Kept + 'static, digest: [u8; 32]) -> Self {
        Self { file: Arc::new(Mutex::new(Some(Box::new(file)))), digest }
    }

    /// For the one who reads it. `None`: it is being read already.
    pub(crate) fn lend(&self) -> Option<Lent> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Lent { upload: self.clone(), file: Some(file) })
    }
}

/// A file that is being read. It is given back when this is dropped: a command that another transaction was in the way of
/// starts over, and reads it once more.
pub(crate) struct Lent {
    upload: Upload,
    /// There until it is given back.
    file: Option<Box<dyn Kept>>,
}

impl Lent {
    fn file(&mut self) -> io::Result<&mut Box<dyn Kept>> {
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Read for Lent {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file()?.read(into)
    }
}

impl Seek for Lent {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.upload.file.lock().unwrap_or_else(PoisonError::into_inner) = self.file.take();
    }
}
