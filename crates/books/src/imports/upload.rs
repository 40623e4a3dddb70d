//! The bytes of a file as they come in.

use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// The file, to be handed over with the command. Cheap to clone, and read once.
#[derive(Clone)]
pub struct Upload(Arc<Mutex<Option<Box<dyn Read + Send>>>>);

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload")
    }
}

impl Upload {
    /// Read on a thread that may block. Its end is the end of the file: a file that broke off must end with an error, because
    /// half a file must not pass for a whole one.
    pub fn new(file: impl Read + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(file)))))
    }

    /// For the one who reads it. `None`: it is being read already.
    pub(crate) fn take(&self) -> Option<Box<dyn Read + Send>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
