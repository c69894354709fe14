//! The fields of a TSV or CSV record, split as its lines come.
//!
//! The crate csv reads on over any number of lines after a quote that is never closed, and takes
//! text after a closing quote for a part of the field. Here such a record is known for what it is
//! at the first byte that shows it, so that the lines it swallowed can be read again.

/// Splits records; holds the fields of one.
pub(super) struct Fields {
    delimiter: u8,
    /// True if a field may stand in quotes ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)).
    quoting: bool,
    state: State,
    text: Vec<u8>,
    /// Where each field ends in the text.
    ends: Vec<usize>,
}

#[derive(Clone, Copy)]
enum State {
    /// At the beginning of a field.
    Start,
    Unquoted,
    Quoted,
    /// After a quote in a quoted field: the closing one, or the first half of a doubled one.
    Closed,
}

/// What a line makes of a record.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Record {
    Complete,
    /// It goes on in the next line.
    Open,
    /// Something other than a delimiter follows a quoted field.
    Malformed,
}

impl Fields {
    /// Splits at `delimiter`; with `quoting`, fields may stand in quotes.
    pub(super) fn new(delimiter: u8, quoting: bool) -> Self {
        Self { delimiter, quoting, state: State::Start, text: Vec::new(), ends: Vec::new() }
    }

    /// What separates the fields.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Begins a record.
    pub(super) fn begin(&mut self) {
        self.state = State::Start;
        self.text.clear();
        self.ends.clear();
    }

    /// Reads the next line of the record, without its terminator. Within a field, lines are joined
    /// by a line feed.
    pub(super) fn push(&mut self, line: &[u8]) -> Record {
        for byte in line {
            self.state = match (self.state, *byte) {
                (State::Start, b'"') if self.quoting => State::Quoted,
                (State::Quoted, b'"') => State::Closed,
                (State::Start | State::Unquoted | State::Closed, byte)
                    if byte == self.delimiter =>
                {
                    self.ends.push(self.text.len());
                    State::Start
                }
                (State::Start | State::Unquoted, byte) => self.take(byte, State::Unquoted),
                (State::Quoted, byte) | (State::Closed, byte @ b'"') => {
                    self.take(byte, State::Quoted)
                }
                (State::Closed, _) => return Record::Malformed,
            };
        }
        if let State::Quoted = self.state {
            self.text.push(b'\n');
            return Record::Open;
        }
        self.ends.push(self.text.len());
        Record::Complete
    }

    fn take(&mut self, byte: u8, state: State) -> State {
        self.text.push(byte);
        state
    }

    /// Adds a field as it is.
    pub(super) fn add(&mut self, field: &[u8]) {
        self.text.extend_from_slice(field);
        self.ends.push(self.text.len());
    }

    /// How many fields the record has.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The fields of the record.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.text[*start..*end])
    }
}
