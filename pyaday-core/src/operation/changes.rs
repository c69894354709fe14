//! The JSON of changes, shared by all operations about them.

use serde_json::{Value, json};

use crate::history::{Change, ChangeDetails, ChangedPackage, ChangedPin};
use crate::package::Stored;

/// Writes the members of an object about packages and pins that change. The object is left open.
pub(super) fn write_packages(out: &mut Vec<u8>, packages: &[ChangedPackage], pins: &[ChangedPin]) {
    out.extend(b",\"packages\":[");
    for (at, package) in packages.iter().enumerate() {
        out.extend(if at == 0 { &b""[..] } else { b"," });
        // No character of a normalised name needs escaping in JSON.
        out.extend(format!("{{\"name\":\"{}\",\"before\":", package.name).bytes());
        write_version(out, package.before.as_ref());
        out.extend(b",\"after\":");
        write_version(out, package.after.as_ref());
        out.push(b'}');
    }
    out.push(b']');
    if !pins.is_empty() {
        let pins = pins.iter().map(|pin| {
            let name = |name: &Option<_>| name.as_ref().map(ToString::to_string);
            json!({ "date": pin.date.to_string(), "before": name(&pin.before), "after": name(&pin.after) })
        });
        out.extend(format!(",\"pins\":{}", Value::from_iter(pins)).bytes());
    }
}

fn write_version(out: &mut Vec<u8>, version: Option<&Stored>) {
    match version {
        Some(version) => out.extend(version.representation()),
        None => out.extend(b"null"),
    }
}

/// Writes the object of a change.
pub(super) fn write_change(change: &Change) -> Vec<u8> {
    // Serialising texts and numbers into memory cannot fail.
    serde_json::to_vec(change).unwrap_or_default()
}

/// Writes the object of a change and a page of its packages.
pub(super) fn write_details(details: &ChangeDetails) -> Vec<u8> {
    let mut body = write_change(&details.change);
    body.pop();
    write_packages(&mut body, &details.packages, &details.pins);
    match &details.next {
        Some(next) => body.extend(format!(",\"next\":\"{next}\"}}").bytes()),
        None => body.extend(b",\"next\":null}"),
    }
    body
}
