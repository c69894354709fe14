//! The description of what is mounted, as an [OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1)
//! document.
//!
//! It is made of the facts of the operations and of the types that make the answers. A host that
//! describes its own interface merges [`document`] into that.

mod endpoint;
pub(crate) mod parts;
mod schemas;

use serde_json::{Map, Value, json};

use crate::http::{Endpoint, Options};

/// The document of all blueprints as they are mounted together below `server`, a path or a URL
/// without a slash at its end; empty for the root. A path is one that requests have here: where the
/// options have a [public URL](Options::public_url), that comes before it.
///
/// ```
/// use pyaday_core::{Options, openapi};
///
/// let document = openapi::document(&Options::new(), "/api");
/// assert_eq!(document["servers"][0]["url"], "/api");
/// assert_eq!(document["paths"]["/packages/{name}"]["get"]["operationId"], "read_package");
/// ```
///
/// In a host's own document, here one that utoipa makes:
///
/// ```
/// use pyaday_core::{Options, openapi};
/// use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
///
/// let info = InfoBuilder::new().title("My service").version("1.0").build();
/// let own = OpenApiBuilder::new().info(info).build();
/// let pyaday: OpenApi = serde_json::from_value(openapi::document(&Options::new(), ""))?;
///
/// let merged = own.nest("/api", pyaday);
/// assert!(merged.paths.paths.contains_key("/api/packages/{name}"));
/// assert!(merged.components.is_some_and(|all| all.schemas.contains_key("Package")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn document(options: &Options, server: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "pyaday",
            "summary": "A catalogue of Python packages.",
            "description": "Packages that curators keep, found by any spelling of their names, \
                            one of them at random and one each day.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": server_url(options, server) }],
        "paths": Endpoint::ALL
            .iter()
            .map(|endpoint| (endpoint.full_path(), endpoint::path_item(options, endpoint)))
            .collect::<Map<_, _>>(),
        "components": { "schemas": schemas::schemas() },
    })
}

fn server_url(options: &Options, server: &str) -> String {
    let is_path = server.is_empty() || server.starts_with('/');
    or_root(&if is_path { options.reference(server) } else { server.to_owned() }).to_owned()
}

/// A server that a document can name: the root is not empty.
pub(crate) fn or_root(server: &str) -> &str {
    if server.is_empty() { "/" } else { server }
}
