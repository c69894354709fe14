//! Where a JSON value ends, without understanding it: the parser judges it afterwards.

/// Finds the end of a value, byte by byte.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

/// What a byte means for a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    /// The value goes on after it.
    Inside,
    /// It is the last of the value.
    Last,
    /// The value ended before it: it was a number or a word.
    After,
}

impl Scan {
    pub(super) fn next(&mut self, byte: u8) -> Part {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_string = false;
                    return self.closed();
                }
                _ => {}
            }
            return Part::Inside;
        }
        match byte {
            b',' | b'}' | b']' | b':' if self.depth == 0 && self.begun => return Part::After,
            byte if byte.is_ascii_whitespace() && self.depth == 0 && self.begun => {
                return Part::After;
            }
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.closed();
            }
            _ => {}
        }
        self.begun = true;
        Part::Inside
    }

    /// True within a string, which no line's end belongs into.
    pub(super) fn is_in_string(&self) -> bool {
        self.in_string
    }

    fn closed(&mut self) -> Part {
        self.begun = true;
        if self.depth == 0 { Part::Last } else { Part::Inside }
    }
}

/// The members of the object that a text begins with, as far as the text goes: the name of each and
/// the first byte of its value.
pub(super) fn members(text: &[u8]) -> Vec<(String, u8)> {
    let mut members = Vec::new();
    let mut at = match text.iter().position(|byte| *byte == b'{') {
        Some(at) => at + 1,
        None => return members,
    };
    loop {
        let skipped = text[at..].iter().take_while(|it| it.is_ascii_whitespace() || **it == b',');
        at += skipped.count();
        let Some(end) = value_end(&text[at..]).filter(|_| text[at] == b'"') else {
            return members;
        };
        let Ok(name) = serde_json::from_slice(&text[at..at + end]) else {
            return members;
        };
        at += end;
        let skipped = text[at..].iter().take_while(|it| it.is_ascii_whitespace() || **it == b':');
        at += skipped.count();
        let Some(first) = text.get(at) else {
            return members;
        };
        members.push((name, *first));
        match value_end(&text[at..]) {
            Some(end) => at += end,
            None => return members,
        }
    }
}

/// Where the value ends that a text begins with, if it does.
fn value_end(text: &[u8]) -> Option<usize> {
    let mut scan = Scan::default();
    text.iter().enumerate().find_map(|(at, byte)| match scan.next(*byte) {
        Part::Inside => None,
        Part::Last => Some(at + 1),
        Part::After => Some(at),
    })
}
