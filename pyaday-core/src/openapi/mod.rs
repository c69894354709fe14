//! The [OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1) document of the mounted endpoints.
//!
//! It is built from the facts of the operations and from the types of the responses. A host with an
//! OpenAPI document of its own can merge [`document`] into it.

mod endpoint;
#[cfg(feature = "import")]
mod import;
pub(crate) mod parts;
mod schemas;

use serde_json::{Map, Value, json};

use crate::http::form::Form;
use crate::http::{Endpoint, Options};

/// Returns the document of all blueprints, mounted together below `server`. The pages of the desk are
/// for people, and the document does not describe them. `server` is a path or a
/// URL without a slash at its end, and it is empty for the root. Give the path that requests have
/// when they arrive here: if the options have a [public URL](Options::public_url), the document
/// puts it before the path.
///
/// ```
/// use pyaday_core::{Options, openapi};
///
/// let document = openapi::document(&Options::new(), "/api");
/// assert_eq!(document["servers"][0]["url"], "/api");
/// assert_eq!(document["paths"]["/packages/{name}"]["get"]["operationId"], "read_package");
/// ```
///
/// A host can merge it into its own document. This example uses utoipa:
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
            "description": "Curators keep the packages. Clients find a package by any spelling of \
                            its name, draw one at random, and get one a day.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": server_url(options, server) }],
        "paths": Endpoint::ALL
            .iter()
            .filter(|endpoint| endpoint.form() == Form::Details)
            .map(|endpoint| (endpoint.full_path(), endpoint::path_item(options, endpoint)))
            .collect::<Map<_, _>>(),
        "components": { "schemas": schemas::schemas() },
    })
}

fn server_url(options: &Options, server: &str) -> String {
    let is_path = server.is_empty() || server.starts_with('/');
    or_root(&if is_path { options.reference(server) } else { server.to_owned() }).to_owned()
}

/// The URL of a server in the document. The root is `/`, because a URL must not be empty.
pub(crate) fn or_root(server: &str) -> &str {
    if server.is_empty() { "/" } else { server }
}
