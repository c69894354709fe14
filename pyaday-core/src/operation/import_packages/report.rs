//! What the response says about the rows of an import.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::request::ImportRequest;
use crate::import::{Counts, Effect, OnExisting, PreviewedRow};
use crate::package::Revision;

/// The response, but for its end.
pub(super) struct Report {
    json: Vec<u8>,
}

impl Report {
    /// Reports on all rows, or on the first `shown` of those that need attention, as the request wants.
    pub(super) fn new(rows: &[PreviewedRow], request: &ImportRequest, shown: usize) -> Self {
        let mut json = format!("{{\"counts\":{},\"rows\":[", counts(rows)).into_bytes();
        let (mut written, mut more) = (0, 0);
        for row in rows.iter().filter(|row| request.reports_all || needs_attention(row, request)) {
            if written == shown && !request.reports_all {
                more += 1;
                continue;
            }
            json.extend(if written == 0 { &b""[..] } else { b"," });
            // Serialising texts and numbers into memory cannot fail.
            drop(serde_json::to_writer(&mut json, &object(row)));
            written += 1;
        }
        json.push(b']');
        if more > 0 {
            json.extend(format!(",\"more\":{more}").bytes());
        }
        Self { json }
    }

    /// The whole response. `change` is the write that was made, if one was made.
    pub(super) fn finish(mut self, change: Option<Revision>) -> Bytes {
        match change {
            Some(revision) => self.json.extend(format!(",\"change\":\"{revision}\"}}").bytes()),
            None => self.json.extend(b",\"change\":null}"),
        }
        self.json.into()
    }
}

/// True if a person should look at a row. Rows about existing packages need it only if the request
/// takes them for errors.
fn needs_attention(row: &PreviewedRow, request: &ImportRequest) -> bool {
    match row.effect {
        Effect::Refused(_) => true,
        Effect::Present => request.on_existing == OnExisting::Error,
        _ => row.look_alike.is_some(),
    }
}

fn counts(rows: &[PreviewedRow]) -> Value {
    let Counts { added, changed, same, present, refused, .. } = Counts::of(rows);
    json!({
        "added": added, "changed": changed, "same": same, "present": present, "refused": refused,
    })
}

fn object(row: &PreviewedRow) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("line".to_owned(), row.line.into());
    if let Some(name) = row.name() {
        object.insert("name".to_owned(), name.as_str().into());
    }
    object.insert("effect".to_owned(), row.effect.as_str().into());
    match &row.effect {
        Effect::Changed(members) => {
            object.insert("members".to_owned(), members.iter().copied().collect());
        }
        Effect::Refused(refusal) => {
            object.insert("pointer".to_owned(), refusal.pointer().into());
            object.insert("reason".to_owned(), refusal.to_string().into());
        }
        _ => {}
    }
    if let Some(name) = &row.look_alike {
        object.insert("look_alike".to_owned(), name.as_str().into());
    }
    object
}
