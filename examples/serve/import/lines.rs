//! A text line by line, of which no more than a fixed part is in memory.

use std::io::{self, ErrorKind, Read};

/// The longest line, and the longest record of several lines, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// What is wrong with a longer line.
pub(super) const TOO_LONG: &str = "the line is longer than 1 MiB";

/// How much is read at once, at least.
const CHUNK: usize = 64 * 1024;

/// A window on a text, which begins where the lines begin that are not done with.
pub(super) struct Lines<R> {
    input: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    number: u64,
}

/// The line at a place in the window.
#[derive(Clone, Copy)]
pub(super) enum Line {
    /// It ends here, behind its terminator.
    EndsAt(usize),
    /// It ends too far from the beginning of the window.
    TooLong,
    /// There is none: the text ends here.
    None,
}

impl<R: Read> Lines<R> {
    /// The lines of a text in UTF-8, less a byte order mark.
    pub(super) fn new(input: R) -> io::Result<Self> {
        let buffer = vec![0; MAX_BYTES + CHUNK].into();
        let mut lines = Self { input, buffer, start: 0, end: 0, ended: false, number: 1 };
        let mark = b"\xef\xbb\xbf";
        while !lines.ended && lines.end < mark.len() {
            lines.fill()?;
        }
        if lines.window().starts_with(mark) {
            lines.start = mark.len();
        }
        Ok(lines)
    }

    /// The number of the window's first line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// What is known of the text from the first line that is not done with.
    pub(super) fn window(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The line that begins at `from` in the window.
    pub(super) fn line(&mut self, from: usize) -> io::Result<Line> {
        loop {
            let window = self.window();
            let line = &window[from..];
            if let Some(length) = line.iter().position(|byte| *byte == b'\n') {
                let end = from + length + 1;
                return Ok(if end > MAX_BYTES { Line::TooLong } else { Line::EndsAt(end) });
            }
            if window.len() > MAX_BYTES {
                return Ok(Line::TooLong);
            }
            if self.ended {
                return Ok(match line.len() {
                    0 => Line::None,
                    length => Line::EndsAt(from + length),
                });
            }
            self.fill()?;
        }
    }

    /// Is done with so many lines, of so many bytes together.
    pub(super) fn consume(&mut self, lines: u64, bytes: usize) {
        self.start += bytes;
        self.number += lines;
    }

    /// Is done with the first line, however long it is; returns its length.
    pub(super) fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let found = self.window().iter().position(|byte| *byte == b'\n');
            let length = found.map_or(self.window().len(), |at| at + 1);
            self.consume(0, length);
            skipped += length as u64;
            if found.is_some() || self.ended {
                self.number += 1;
                return Ok(skipped);
            }
            self.fill()?;
        }
    }

    /// Reads on. The window is never as long as the buffer, so there is room.
    fn fill(&mut self) -> io::Result<()> {
        if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start.., 0);
            self.end -= self.start;
            self.start = 0;
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    self.ended = read == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A line without its terminator.
pub(super) fn content(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    }
}
