//! The records of tab-delimited text, which programs write in two ways.
//!
//! Databases write cells as they are: a quote is a character like any other, and a record is a line.
//! Excel puts a cell in quotes if it has a comma, a quote, a tab or a line break in it. A cell is
//! taken out of its quotes only where Excel, or a program that quotes all cells, can have put it there.

use std::io::{self, Read};

use super::fields::{Fields, Record};
use super::text::{Line, Text, content};

/// The most lines of one record: a cell of Excel has at most 253 line breaks.
const MAX_LINES: u64 = 256;

/// Splits tab-delimited records.
pub(super) struct Tabs {
    plain: Fields,
    quoted: Fields,
    /// The record, in whichever of the two ways.
    record: Fields,
    /// True if the header is in quotes: then all cells may be.
    quotes_all: bool,
}

impl Tabs {
    /// For a table with this first line.
    pub(super) fn new(header: &[u8]) -> Self {
        let [plain, quoted, record] = [false, true, false].map(|it| Fields::new(b'\t', it));
        Self { plain, quoted, record, quotes_all: header.starts_with(b"\"") }
    }

    /// The fields of the record that was read last.
    pub(super) fn fields(&self) -> &Fields {
        &self.record
    }

    /// Reads a record, which begins with the line of the window that ends at `end`, and consumes it.
    /// There are to be so many columns, if that is known.
    pub(super) fn read<R: Read>(
        &mut self,
        text: &mut Text<R>,
        end: usize,
        columns: Option<usize>,
    ) -> io::Result<()> {
        let line = content(&text.window()[..end]);
        self.plain.begin();
        self.plain.push(line);
        let (mut lines, mut length) = (1, end);
        let mut taken = false;
        if self.plain.iter().any(|field| field.starts_with(b"\"")) {
            self.quoted.begin();
            let mut state = self.quoted.push(line);
            while state == Record::Open && lines < MAX_LINES {
                let Line::EndsAt(end) = text.line(length)? else { break };
                let line = content(&text.window()[length..end]);
                // A line with all columns is a record: the quote before it was a character.
                if columns.is_none_or(|columns| tabs(line) + 1 >= columns) {
                    break;
                }
                state = self.quoted.push(line);
                (lines, length) = (lines + 1, end);
            }
            let fits = columns.is_none_or(|columns| self.quoted.len() == columns);
            taken = state == Record::Complete && fits;
        }
        self.choose(taken);
        if taken {
            text.consume_lines(lines, length);
        } else {
            text.consume_lines(1, end);
        }
        Ok(())
    }

    fn choose(&mut self, quoted: bool) {
        self.record.begin();
        if !quoted {
            self.plain.iter().for_each(|field| self.record.add(field));
        } else if self.plain.len() != self.quoted.len() || self.quotes_all {
            self.quoted.iter().for_each(|field| self.record.add(field));
        } else {
            for (plain, quoted) in self.plain.iter().zip(self.quoted.iter()) {
                let is_reason = |byte: &u8| matches!(byte, b',' | b'"' | b'\t' | b'\n');
                let taken = quoted.is_empty() || quoted.iter().any(is_reason);
                self.record.add(if taken { quoted } else { plain });
            }
        }
    }
}

fn tabs(line: &[u8]) -> usize {
    line.iter().filter(|byte| **byte == b'\t').count()
}
