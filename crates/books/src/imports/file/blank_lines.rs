//! Empty lines of a table. The reader of records passes over them, and a spreadsheet gives each of them a number: without
//! them a row in the report would be another one in the file.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

/// Empty lines one after the other.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    /// Bytes of the text before it, and with it.
    start: u64,
    end: u64,
    lines: u32,
}

/// Empty lines that were read and not yet counted. Those within quotation marks are among them: they are part of a cell.
#[derive(Debug, Default)]
struct Found {
    runs: VecDeque<Run>,
    bytes: u64,
    in_line: bool,
    after_return: bool,
}

impl Found {
    fn feed(&mut self, piece: &[u8]) {
        for byte in piece {
            let start = self.bytes;
            self.bytes += 1;
            match byte {
                // The second half of one line end.
                b'\n' if self.after_return => {
                    self.after_return = false;
                    if let Some(run) = self.runs.back_mut().filter(|run| run.end == start) {
                        run.end += 1;
                    }
                }
                b'\r' | b'\n' => {
                    if !self.in_line {
                        self.blank(start);
                    }
                    self.in_line = false;
                    self.after_return = *byte == b'\r';
                }
                _ => (self.in_line, self.after_return) = (true, false),
            }
        }
    }

    fn blank(&mut self, start: u64) {
        match self.runs.back_mut().filter(|run| run.end == start) {
            Some(run) => {
                run.end += 1;
                run.lines = run.lines.saturating_add(1);
            }
            None => self.runs.push_back(Run { start, end: start + 1, lines: 1 }),
        }
    }

    /// Empty lines before the record that was read from `start` to `end`; forgets those within it. The reader takes the line
    /// feed behind a carriage return together with the next record.
    fn before(&mut self, start: u64, end: u64) -> u32 {
        let mut lines = 0;
        while let Some(run) = self.runs.pop_front_if(|run| run.start < end) {
            if run.start <= start + 1 {
                lines = run.lines;
            }
        }
        lines
    }
}

/// What was found by a reader, for whoever reads records from it.
#[derive(Clone, Default)]
pub(super) struct BlankLines(Rc<RefCell<Found>>);

impl BlankLines {
    pub fn watch<R: Read>(&self, inner: R) -> Watched<R> {
        Watched { inner, found: self.clone() }
    }

    /// How many are before the record that begins and ends after so many bytes.
    pub fn before(&self, start: u64, end: u64) -> u32 {
        self.0.borrow_mut().before(start, end)
    }
}

pub(super) struct Watched<R> {
    inner: R,
    found: BlankLines,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.found.0.borrow_mut().feed(&into[..read]);
        Ok(read)
    }
}
