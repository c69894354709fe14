//! The JSON of changes, shared by all operations about them.

use http::header::{ETAG, LOCATION};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::history::{Change, ChangeDetails, ChangeKind, ChangedPackage, ChangedPin};
use crate::http::facts::{Caching, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::query::{Parameter, Parameters, boolean, pairs};
use crate::http::response::{self, NO_STORE};
use crate::http::{Body, Options, Problem};
use crate::openapi::parts::{CHANGE_LOCATION, described, json_content, parameter, reference};
use crate::package::{Revision, Stored};

/// What a write to many packages did, or would do.
pub(super) enum Made {
    Written { change: Change, location: String },
    Preview(Preview),
}

/// What a write would do.
pub(super) struct Preview {
    pub(super) kind: ChangeKind,
    /// The number of packages and pins.
    pub(super) count: usize,
    /// The packages, or the first of them.
    pub(super) packages: Vec<ChangedPackage>,
    pub(super) pins: Vec<ChangedPin>,
    /// The newest revision of the store.
    pub(super) newest: Revision,
}

/// The response to a write that was made.
pub(super) const MADE: Success = Success {
    status: StatusCode::CREATED,
    caching: Caching::NoStore,
    has_entity_tag: false,
    fields: &[CHANGE_LOCATION],
    ..Success::content("The new change.", json_content(|| reference("Change")))
};

/// The response that shows what a write would do.
pub(super) const fn preview(description: &'static str) -> Success {
    Success {
        caching: Caching::NoStore,
        ..Success::content(description, json_content(|| reference("Preview")))
    }
}

impl Made {
    pub(super) fn encode(self, options: &Options) -> Response<Body> {
        match self {
            Self::Written { change, location } => {
                let body = write_change(&change).into();
                let mut response = response::content(StatusCode::CREATED, JSON, NO_STORE, body);
                response::insert(response.headers_mut(), LOCATION, location);
                response
            }
            Self::Preview(Preview { kind, count, packages, pins, newest }) => {
                let mut body = format!("{{\"what\":\"{kind}\",\"count\":{count}").into_bytes();
                let shown = packages.len().min(options.max_page_limit.get());
                write_packages(&mut body, &packages[..shown], &pins);
                body.push(b'}');
                let mut response = response::content(StatusCode::OK, JSON, NO_STORE, body.into());
                response.headers_mut().insert(ETAG, newest.entity_tag());
                response
            }
        }
    }
}

/// Whether the request only asks what the write would do. It has no other parameter.
pub(super) fn dry_run(head: &Head<'_>) -> Result<bool, Problem> {
    let mut parameters = Parameters([Parameter::once("dry_run")]);
    let mut is_dry_run = false;
    for pair in pairs(head.query()) {
        if let Some((name, value)) = parameters.admit(pair)? {
            is_dry_run = boolean(name, &value)?;
        }
    }
    Ok(is_dry_run)
}

/// This parameter in the form of OpenAPI.
pub(super) fn dry_run_parameter(_: &Options) -> Vec<Value> {
    let what = "Only report what would be changed. The ETag of this response can be the If-Match of \
                the request that does it.";
    let schema = json!({ "type": "boolean", "default": false });
    vec![described(what, parameter("dry_run", "query", schema))]
}

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
