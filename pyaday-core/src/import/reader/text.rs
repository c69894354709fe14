//! A text of which no more than a fixed part is in memory, by lines or by bytes.

use std::io::{self, ErrorKind, Read};

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use memchr::memchr2;

/// The longest line, record of several lines, or JSON value, in bytes.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

/// What is wrong with a longer line.
pub(super) const TOO_LONG: &str = "the line is longer than 1 MiB";

/// How much is read at once, at least.
const CHUNK: usize = 64 * 1024;

/// A window on a text. It begins at the first byte that is still to be read.
pub(super) struct Text<R: Read> {
    input: DecodeReaderBytes<R, Vec<u8>>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    number: u64,
    /// True if the last byte that was consumed is a carriage return, to which a line feed belongs.
    after_return: bool,
}

/// The line at a place in the window.
#[derive(Clone, Copy)]
pub(super) enum Line {
    /// It ends here; its terminator is included.
    EndsAt(usize),
    /// It ends too far from the beginning of the window.
    TooLong,
    /// There is none: the text ends here.
    None,
}

impl<R: Read> Text<R> {
    /// A text in UTF-8, or in UTF-16 with a byte order mark, which is converted. A mark is left out.
    pub(super) fn new(input: R) -> Self {
        let mut decoder = DecodeReaderBytesBuilder::new();
        let input = decoder.bom_sniffing(true).strip_bom(true).utf8_passthru(true).build(input);
        let buffer = vec![0; MAX_BYTES + CHUNK].into();
        Self { input, buffer, start: 0, end: 0, ended: false, number: 1, after_return: false }
    }

    /// The number of the window's first line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// What has been read of the text from the first byte that is still to be consumed.
    pub(super) fn window(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Has the window hold at least so many bytes, if the text has them; how many there are now.
    pub(super) fn fill_to(&mut self, length: usize) -> io::Result<usize> {
        while self.window().len() < length && !self.ended {
            self.fill()?;
        }
        Ok(self.window().len())
    }

    /// The byte at a place that is at most [`MAX_BYTES`] into the window.
    pub(super) fn byte(&mut self, at: usize) -> io::Result<Option<u8>> {
        self.fill_to(at + 1)?;
        Ok(self.window().get(at).copied())
    }

    /// The line that begins at `from` in the window. Lines end with a line feed, a carriage return,
    /// or both.
    pub(super) fn line(&mut self, from: usize) -> io::Result<Line> {
        let mut searched = from;
        loop {
            match line_end(&self.window()[searched..], self.ended) {
                LineEnd::At(length) => {
                    let end = searched + length;
                    return Ok(if end > MAX_BYTES { Line::TooLong } else { Line::EndsAt(end) });
                }
                LineEnd::NotWithin(length) => searched += length,
            }
            let length = self.window().len();
            if length > MAX_BYTES {
                return Ok(Line::TooLong);
            }
            if self.ended {
                return Ok(if length == from { Line::None } else { Line::EndsAt(length) });
            }
            self.fill()?;
        }
    }

    /// Consumes so many lines, which are so many bytes together.
    pub(super) fn consume_lines(&mut self, lines: u64, bytes: usize) {
        self.start += bytes;
        self.number += lines;
        self.after_return = false;
    }

    /// Consumes so many bytes of the window, and counts the lines that end in them. The two bytes of
    /// one line's end may be consumed one after the other.
    pub(super) fn consume(&mut self, bytes: usize) {
        let mut after_return = self.after_return;
        let mut lines = 0;
        for byte in &self.window()[..bytes] {
            lines += u64::from(*byte == b'\r' || (*byte == b'\n' && !after_return));
            after_return = *byte == b'\r';
        }
        self.consume_lines(lines, bytes);
        self.after_return = after_return;
    }

    /// Consumes the first line, however long it is.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        loop {
            match line_end(self.window(), self.ended) {
                LineEnd::At(length) => {
                    self.consume_lines(1, length);
                    return Ok(());
                }
                LineEnd::NotWithin(length) => self.consume_lines(0, length),
            }
            if self.ended {
                self.consume_lines(1, self.window().len());
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Consumes lines of nothing but white space.
    pub(super) fn skip_blank_lines(&mut self) -> io::Result<()> {
        while let Line::EndsAt(end) = self.line(0)? {
            if !self.window()[..end].trim_ascii().is_empty() {
                break;
            }
            self.consume_lines(1, end);
        }
        Ok(())
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

enum LineEnd {
    /// A line ends here; its terminator is included.
    At(usize),
    /// No line is known to end within so many bytes.
    NotWithin(usize),
}

/// Where the first line of a text ends. A carriage return at the end decides nothing as long as more
/// may come: a line feed after it belongs to it.
fn line_end(text: &[u8], is_all: bool) -> LineEnd {
    let Some(at) = memchr2(b'\n', b'\r', text) else {
        return LineEnd::NotWithin(text.len());
    };
    match (text[at], text.get(at + 1)) {
        (b'\r', Some(b'\n')) => LineEnd::At(at + 2),
        (b'\r', None) if !is_all => LineEnd::NotWithin(at),
        _ => LineEnd::At(at + 1),
    }
}

/// A line without its terminator.
pub(super) fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
