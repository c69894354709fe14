//! The description of what is mounted, as an [OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1)
//! document.
//!
//! Paths and methods come from the table of endpoints, statuses and problems from the types that
//! make the answers. A host that describes its own interface merges [`document`] into that.

use http::Method;
use serde_json::{Map, Value, json};

use crate::http::Document;
use crate::http::Options;
use crate::http::ProblemType;
use crate::http::query::{MAX_COUNT, MAX_SEARCH_BYTES, MAX_TAGS, MAX_WORD_CHARS, MAX_WORDS};
use crate::http::{ATOM, Endpoint, FEED_JSON, JSON, MERGE_PATCH_JSON, Operation};

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
            .map(|endpoint| (endpoint.full_path(), path_item(options, endpoint)))
            .collect::<Map<_, _>>(),
        "components": { "schemas": schemas() },
    })
}

/// The document as it is sent, rendered once for all servers but for their paths.
#[derive(Debug)]
pub(crate) struct Template {
    before: String,
    after: String,
}

impl Template {
    pub(crate) fn new(options: &Options) -> Self {
        // What no path of a server can be.
        const SERVER: &str = "\n";

        let text = document(options, SERVER).to_string();
        let place = Value::from(SERVER).to_string();
        let (before, after) = text.split_once(&place).unwrap_or((&text, ""));
        Self { before: before.to_owned(), after: after.to_owned() }
    }

    pub(crate) fn text(&self, server: &str) -> Document {
        let server = Value::from(or_root(server)).to_string();
        Document::new(JSON, [&*self.before, &server, &self.after].concat().into_bytes())
    }
}

fn server_url(options: &Options, server: &str) -> String {
    let is_path = server.is_empty() || server.starts_with('/');
    or_root(&if is_path { options.reference(server) } else { server.to_owned() }).to_owned()
}

fn or_root(server: &str) -> &str {
    if server.is_empty() { "/" } else { server }
}

fn path_item(options: &Options, endpoint: &Endpoint) -> Value {
    let mut item = Map::new();
    for (variable, schema) in [("name", NAME), ("date", DATE)] {
        if endpoint.path().contains(&format!("{{{variable}}}")) {
            let parameter = parameter(variable, "path", reference(schema));
            item.insert("parameters".to_owned(), json!([parameter]));
        }
    }
    for (method, operation) in endpoint.operations() {
        let mut described = operation_object(options, *operation);
        described["tags"] = json!([endpoint.blueprint().tag()]);
        if *method == Method::GET {
            item.insert("head".to_owned(), without_body(&described));
        }
        item.insert(method.as_str().to_ascii_lowercase(), described);
    }
    item.insert("options".to_owned(), options_operation(endpoint));
    Value::Object(item)
}

/// `HEAD` is described as `GET`, less the contents of its answers.
fn without_body(get: &Value) -> Value {
    let mut head = get.clone();
    if let Some(id) = get["operationId"].as_str() {
        head["operationId"] = format!("head_{id}").into();
    }
    if let Some(responses) = head["responses"].as_object_mut() {
        for response in responses.values_mut().filter_map(Value::as_object_mut) {
            response.shift_remove("content");
            response.shift_remove("links");
        }
    }
    head
}

fn options_operation(endpoint: &Endpoint) -> Value {
    let mut headers = fields("no-store");
    headers.insert("Allow".to_owned(), constant_field(&endpoint.allow()));
    if let Some(media_type) = endpoint.accept_patch() {
        headers.insert("Accept-Patch".to_owned(), constant_field(media_type));
    }
    let path = endpoint.full_path();
    let words: Vec<_> =
        path.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    json!({
        "operationId": format!("options_{}", words.join("_")),
        "summary": "Tell the methods",
        "tags": [endpoint.blueprint().tag()],
        "responses": { "204": { "description": "The methods.", "headers": headers } },
    })
}

fn operation_object(options: &Options, operation: Operation) -> Value {
    let mut object = json!({
        "operationId": operation.function(),
        "summary": summary(operation),
        "parameters": parameters(options, operation),
        "responses": responses(options, operation),
    });
    if matches!(operation, Operation::ListPackages | Operation::ReadRandomPackage) {
        object["description"] = "The parameter `_` and those whose names begin with `utm_` are \
                                 ignored. Any other that is not listed here is refused."
            .into();
    }
    if let Some(media_type) = operation.media_type() {
        let (schema, example) = request(operation);
        object["requestBody"] = json!({
            "required": true,
            "content": { media_type: { "schema": reference(schema), "example": example } },
        });
    }
    object
}

fn summary(operation: Operation) -> &'static str {
    match operation {
        Operation::ListPackages => "List and search packages",
        Operation::CreatePackage => "Add a package",
        Operation::ReadPackage => "Read a package",
        Operation::UpdatePackage => "Replace all but the name of a package",
        Operation::PatchPackage => "Change some of a package",
        Operation::DeletePackage => "Remove a package",
        Operation::ReadRandomPackage => "Draw a package, or several",
        Operation::ReadToday => "Tell today's package",
        Operation::ReadAtomFeed => "Tell the last days as an Atom feed",
        Operation::ReadJsonFeed => "Tell the last days as a JSON Feed",
        Operation::ReadDay => "Tell a day's package",
        Operation::ListPins => "List the pins of days to come",
        Operation::ReadPin => "Read the pin of a day to come",
        Operation::PinDay => "Pin a package to a day to come",
        Operation::UnpinDay => "Take back the pin of a day to come",
        Operation::ReadOpenApi => "Read this document",
    }
}

fn request(operation: Operation) -> (&'static str, Value) {
    let short_desc = "The dynamic configurator for your Python Project";
    match operation {
        Operation::CreatePackage => {
            ("Package", json!({ "name": "dynaconf", "short_desc": short_desc }))
        }
        Operation::PatchPackage => ("PackagePatch", json!({ "tags": ["web"] })),
        Operation::PinDay => ("PinUpdate", json!({ "name": "flask" })),
        _ => ("PackageUpdate", json!({ "short_desc": short_desc, "tags": ["config"] })),
    }
}

const NAME: &str = "PackageName";
const DATE: &str = "Date";

fn parameters(options: &Options, operation: Operation) -> Vec<Value> {
    let if_none_match = || {
        let schema = json!({ "type": "string" });
        let what = "Entity tags, none of which the resource may have (RFC 9110).";
        described(what, parameter("If-None-Match", "header", schema))
    };
    match operation {
        Operation::CreatePackage => vec![if_match(false), if_none_match()],
        Operation::ListPackages => vec![
            parameter("after", "query", reference(NAME)),
            parameter(
                "limit",
                "query",
                json!({
                    "type": "integer", "minimum": 1, "maximum": options.max_page_limit,
                    "default": options.page_limit,
                }),
            ),
            described(
                &format!(
                    "Words, each of which occurs in the name or the description: at most \
                     {MAX_WORDS} different ones, each of at most {MAX_WORD_CHARS} characters, in at \
                     most {MAX_SEARCH_BYTES} bytes of UTF-8."
                ),
                parameter("q", "query", search()),
            ),
            described(
                "Labels, each of which the package carries.",
                parameter(
                    "tag",
                    "query",
                    json!({ "type": "array", "items": reference("Tag"), "maxItems": MAX_TAGS }),
                ),
            ),
            if_match(false),
            if_none_match(),
        ],
        Operation::ReadRandomPackage => {
            let count = json!({ "type": "integer", "minimum": 1, "maximum": MAX_COUNT });
            vec![parameter("count", "query", count), parameter("tag", "query", reference("Tag"))]
        }
        Operation::ReadPackage
        | Operation::ReadToday
        | Operation::ReadAtomFeed
        | Operation::ReadJsonFeed
        | Operation::ReadDay
        | Operation::ListPins
        | Operation::ReadPin
        // The first pin of a day has nothing to match.
        | Operation::PinDay
        | Operation::ReadOpenApi => vec![if_match(false), if_none_match()],
        Operation::UnpinDay
        | Operation::UpdatePackage | Operation::PatchPackage | Operation::DeletePackage => {
            vec![if_match(options.if_match_required), if_none_match()]
        }
    }
}

/// The text of a search, as exactly as a schema can have it: a schema counts characters and not
/// bytes, and cannot tell a word that is repeated from a different one.
fn search() -> Value {
    json!({
        "type": "string",
        "maxLength": MAX_SEARCH_BYTES,
        "pattern": format!("^\\s*(\\S{{1,{MAX_WORD_CHARS}}}(\\s+|$)){{0,{MAX_WORDS}}}$"),
    })
}

fn if_match(required: bool) -> Value {
    let mut if_match = parameter("If-Match", "header", json!({ "type": "string" }));
    if_match["required"] = required.into();
    described("Entity tags, one of which the resource must have (RFC 9110).", if_match)
}

fn parameter(name: &str, place: &str, schema: Value) -> Value {
    json!({ "name": name, "in": place, "required": place == "path", "schema": schema })
}

fn described(description: &str, mut object: Value) -> Value {
    object["description"] = description.into();
    object
}

fn responses(options: &Options, operation: Operation) -> Map<String, Value> {
    let mut responses = success(options, operation);
    let if_none_match = |parameter: &Value| parameter["name"] == "If-None-Match";
    let is_conditional = parameters(options, operation).iter().any(if_none_match);
    if is_conditional && responses.contains_key("200") {
        let headers = with_entity_tag(match operation {
            Operation::ReadToday => with_content_location(daily_fields(options)),
            Operation::ReadDay => daily_fields(options),
            _ => fields("no-cache"),
        });
        let description = "The client has the current representation.";
        responses.insert("304".into(), json!({ "description": description, "headers": headers }));
    }
    for &kind in ProblemType::ALL {
        if !problems(operation).contains(&kind)
            || kind == ProblemType::PreconditionRequired && !options.if_match_required
        {
            continue;
        }
        let response = responses
            .entry(kind.status().as_str())
            .or_insert_with(|| problem_response(operation, kind));
        describe_problem(response, kind);
    }
    responses
}

/// The problems that an operation may answer with; a wrong method is the endpoint's.
const fn problems(operation: Operation) -> &'static [ProblemType] {
    use Operation as O;
    use ProblemType as P;
    match operation {
        O::ListPackages => {
            &[P::InvalidQuery, P::PreconditionFailed, P::StoreUnavailable, P::Internal]
        }
        O::CreatePackage => &[
            P::UnsupportedMediaType,
            P::ContentTooLarge,
            P::PreconditionFailed,
            P::MalformedJson,
            P::InvalidPackage,
            P::PackageExists,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        O::ReadPackage => {
            &[P::PackageNotFound, P::PreconditionFailed, P::StoreUnavailable, P::Internal]
        }
        O::UpdatePackage | O::PatchPackage => &[
            P::UnsupportedMediaType,
            P::ContentTooLarge,
            P::PackageNotFound,
            P::PreconditionRequired,
            P::PreconditionFailed,
            P::MalformedJson,
            P::InvalidPackage,
            P::NameMismatch,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        O::DeletePackage => &[
            P::PackageNotFound,
            P::PreconditionRequired,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        O::ReadRandomPackage => {
            &[P::InvalidQuery, P::PackageNotFound, P::StoreUnavailable, P::Internal]
        }
        O::ReadToday => &[
            P::PackageNotFound,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        O::ReadAtomFeed | O::ReadJsonFeed => &[
            P::UriTooLong,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        O::ReadDay => &[
            P::InvalidDate,
            P::PackageNotFound,
            P::NoDaily,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        O::ListPins => &[P::PreconditionFailed, P::StoreUnavailable, P::Internal],
        O::ReadPin => {
            &[P::InvalidDate, P::NoDaily, P::PreconditionFailed, P::StoreUnavailable, P::Internal]
        }
        O::PinDay => &[
            P::InvalidDate,
            P::UnsupportedMediaType,
            P::ContentTooLarge,
            P::PastIsFixed,
            P::PreconditionRequired,
            P::PreconditionFailed,
            P::MalformedJson,
            P::InvalidPackage,
            P::PackageNotFound,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        O::UnpinDay => &[
            P::InvalidDate,
            P::NoDaily,
            P::PastIsFixed,
            P::PreconditionRequired,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        O::ReadOpenApi => &[P::PreconditionFailed, P::Internal],
    }
}

fn success(options: &Options, operation: Operation) -> Map<String, Value> {
    let (status, response) = match operation {
        Operation::ListPackages => {
            let mut headers = with_entity_tag(fields("no-cache"));
            headers.insert(
                "Link".into(),
                json!({
                    "description": "The page after this one, absent on the last (RFC 8288).",
                    "schema": { "type": "string" },
                }),
            );
            ("200", content("A page of packages.", headers, "PackagePage"))
        }
        Operation::CreatePackage => {
            let mut headers = with_entity_tag(fields("no-store"));
            headers.insert(
                "Location".into(),
                field(
                    "The URL of the package.",
                    &json!({
                        "type": "string", "format": "uri-reference",
                    }),
                ),
            );
            let read = |id: &str| {
                json!({
                    "operationId": id, "parameters": { "name": "$request.body#/name" },
                })
            };
            (
                "201",
                json!({
                    "description": "The package was added.",
                    "headers": headers,
                    "links": {
                        "read": read("read_package"),
                        "update": read("update_package"),
                        "patch": read("patch_package"),
                        "delete": read("delete_package"),
                    },
                }),
            )
        }
        Operation::ReadPackage => {
            ("200", content("The package.", with_entity_tag(fields("no-cache")), "Package"))
        }
        Operation::UpdatePackage => ("204", no_content("The package is as the body says.", false)),
        Operation::PatchPackage => ("204", no_content("The package is changed.", true)),
        Operation::DeletePackage => ("204", no_content("The package is removed.", false)),
        Operation::ReadRandomPackage => (
            "200",
            content("The package; several if `count` is given.", fields("no-store"), "Draw"),
        ),
        Operation::ReadToday => {
            let headers = with_entity_tag(with_content_location(daily_fields(options)));
            ("200", content("The package of this day in UTC.", headers, "Daily"))
        }
        Operation::ReadDay => {
            let headers = with_entity_tag(daily_fields(options));
            ("200", content("The package of the day.", headers, "Daily"))
        }
        Operation::ListPins => {
            ("200", content("The pins.", with_entity_tag(fields("no-cache")), "Pins"))
        }
        Operation::ReadPin => {
            ("200", content("The pin.", with_entity_tag(fields("no-cache")), "Pin"))
        }
        Operation::PinDay => ("204", no_content("The day will show the package.", false)),
        Operation::UnpinDay => ("204", no_content("The day is no longer pinned.", false)),
        Operation::ReadAtomFeed => ("200", document_of("The feed.", ATOM, "string")),
        Operation::ReadJsonFeed => ("200", document_of("The feed.", FEED_JSON, "object")),
        Operation::ReadOpenApi => ("200", document_of("The document.", JSON, "object")),
    };
    Map::from_iter([(status.to_owned(), response)])
}

fn content(description: &str, headers: Map<String, Value>, schema: &str) -> Value {
    let content = json!({ JSON: { "schema": reference(schema) } });
    json!({ "description": description, "headers": headers, "content": content })
}

fn document_of(description: &str, media_type: &str, kind: &str) -> Value {
    let headers = with_entity_tag(fields("no-cache"));
    let content = json!({ media_type: { "schema": { "type": kind } } });
    json!({ "description": description, "headers": headers, "content": content })
}

fn no_content(description: &str, entity_tag: bool) -> Value {
    let headers = fields("no-store");
    let headers = if entity_tag { with_entity_tag(headers) } else { headers };
    json!({ "description": description, "headers": headers })
}

/// The answer of a status that tells a problem, which kinds of it still to be added.
fn problem_response(operation: Operation, kind: ProblemType) -> Value {
    let mut headers = fields("no-store");
    match (kind, operation.media_type()) {
        (ProblemType::UnsupportedMediaType, Some(media_type)) => {
            let name = if media_type == MERGE_PATCH_JSON { "Accept-Patch" } else { "Accept" };
            let what = "What is taken, where the media type is what is wrong.";
            headers.insert(name.into(), optional_field(what, media_type));
            let what = "That no content coding is taken, where one is what is wrong.";
            headers.insert("Accept-Encoding".into(), optional_field(what, "identity"));
        }
        (ProblemType::StoreUnavailable, _) => {
            headers.insert("Retry-After".into(), json!({
                "description": "When another try makes sense, in seconds; absent where the write may have happened.",
                "schema": { "type": "integer", "minimum": 0 },
            }));
        }
        _ => {}
    }
    json!({
        "description": "",
        "headers": headers,
        "content": { "application/problem+json": {
            "schema": {
                "allOf": [reference("Problem")],
                "properties": { "type": { "enum": [] }, "status": { "const": kind.status().as_u16() } },
            },
            "examples": {},
        } },
    })
}

/// Adds a kind of problem to the answer of its status.
fn describe_problem(response: &mut Value, kind: ProblemType) {
    let description = response["description"].as_str().unwrap_or_default();
    let separator = if description.is_empty() { "" } else { "; or: " };
    response["description"] = format!("{description}{separator}{}", kind.title()).into();
    let content = &mut response["content"]["application/problem+json"];
    if let Some(types) = content["schema"]["properties"]["type"]["enum"].as_array_mut() {
        types.push(kind.urn().into());
    }
    content["examples"][kind.slug()] = json!({ "value": {
        "type": kind.urn(), "title": kind.title(), "status": kind.status().as_u16(),
        "detail": "What went wrong this time, in a sentence.",
    } });
}

/// The fields that every answer has.
fn fields(cache_control: &str) -> Map<String, Value> {
    Map::from_iter([
        ("Cache-Control".to_owned(), constant_field(cache_control)),
        ("X-Content-Type-Options".to_owned(), constant_field("nosniff")),
    ])
}

/// Those of a day, which caches may keep for a while.
fn daily_fields(options: &Options) -> Map<String, Value> {
    let mut headers = fields("");
    let pattern = format!("^{}, max-age=[0-9]+$", options.caches());
    let schema = json!({ "type": "string", "pattern": pattern });
    headers.insert("Cache-Control".to_owned(), json!({ "required": true, "schema": schema }));
    headers
}

fn with_content_location(mut headers: Map<String, Value>) -> Map<String, Value> {
    let schema = json!({ "type": "string", "format": "uri-reference" });
    headers.insert("Content-Location".into(), field("The URL of the day itself.", &schema));
    headers
}

fn with_entity_tag(mut headers: Map<String, Value>) -> Map<String, Value> {
    let schema = json!({ "type": "string", "pattern": "^\"[!#-~]*\"$" });
    headers.insert("ETag".into(), field("The entity tag (RFC 9110).", &schema));
    headers
}

fn field(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "required": true, "schema": schema })
}

fn constant_field(value: &str) -> Value {
    json!({ "required": true, "schema": { "type": "string", "const": value } })
}

fn optional_field(description: &str, value: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string", "const": value } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn schemas() -> Value {
    let tags = json!({ "type": "array", "items": reference("Tag"), "maxItems": 32 });
    let short_desc = reference("ShortDesc");
    let metadata = reference("Metadata");
    let package = |required: Value| {
        json!({
            "type": "object",
            "properties": {
                "name": reference(NAME), "short_desc": short_desc, "tags": tags, "metadata": metadata,
            },
            "required": required,
            "additionalProperties": false,
        })
    };
    let list = |extra: Value| {
        let mut properties = json!({ "items": { "type": "array", "items": reference("Package") } });
        let mut required = vec!["items"];
        if let Value::Object(next) = &extra
            && let Some(all) = properties.as_object_mut()
        {
            all.extend(next.clone());
            required.push("next");
        }
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    };
    json!({
        NAME: {
            "description": "A PyPA package name. Spellings with one PEP 503 normal form are one package.",
            "type": "string", "minLength": 1, "maxLength": 255,
            "pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
            "examples": ["flask"],
        },
        "ShortDesc": {
            "description": "One line without control characters and bidirectional overrides.",
            "type": "string", "maxLength": 512,
            "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$",
        },
        "Tag": { "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$", "examples": ["web"] },
        "Metadata": {
            "description": "Core metadata or other members, at most 16 KiB of JSON.",
            "type": "object",
        },
        "Package": package(json!(["name", "short_desc"])),
        "PackageUpdate": package(json!(["short_desc"])),
        "PackagePatch": {
            "description": "A JSON Merge Patch (RFC 7396): null removes a member.",
            "type": "object",
            "properties": {
                "name": reference(NAME),
                "short_desc": short_desc,
                "tags": { "anyOf": [tags, { "type": "null" }] },
                "metadata": { "anyOf": [{ "type": "object" }, { "type": "null" }] },
            },
            "additionalProperties": { "type": "null" },
        },
        "PackagePage": list(json!({
            "next": { "anyOf": [reference(NAME), { "type": "null" }] },
        })),
        DATE: {
            "description": "A date of the calendar.",
            "type": "string", "format": "date",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples": ["2026-11-23"],
        },
        "Daily": {
            "description": "The package of a day, as it was shown.",
            "type": "object",
            "properties": {
                "date": reference(DATE),
                "package": reference("Package"),
                "gone": {
                    "description": "True if the package is in the catalogue no more; else left out.",
                    "type": "boolean",
                },
            },
            "required": ["date", "package"],
            "additionalProperties": false,
        },
        "Pin": {
            "description": "The package that a day to come will show, by its normalised name.",
            "type": "object",
            "properties": { "date": reference(DATE), "name": reference(NAME) },
            "required": ["date", "name"],
            "additionalProperties": false,
        },
        "Pins": {
            "description": "The pins of days to come, in the order of their dates.",
            "type": "object",
            "properties": { "items": { "type": "array", "items": reference("Pin") } },
            "required": ["items"],
            "additionalProperties": false,
        },
        "PinUpdate": {
            "description": "A date, if given, must be that of the URL.",
            "type": "object",
            "properties": { "date": reference(DATE), "name": reference(NAME) },
            "required": ["name"],
            "additionalProperties": false,
        },
        "Draw": { "oneOf": [reference("Package"), list(Value::Null)] },
        "Problem": {
            "description": "Problem details (RFC 9457).",
            "type": "object",
            "properties": {
                "type": { "type": "string", "format": "uri" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "errors": {
                    "description": "All faults of an invalid package, of more than 32 the first, \
                                    and then how many more there are.",
                    "type": "array", "minItems": 1, "maxItems": 33,
                    "items": {
                        "type": "object",
                        "properties": {
                            "pointer": { "type": "string", "format": "json-pointer" },
                            "detail": { "type": "string" },
                        },
                        "required": ["pointer", "detail"],
                    },
                },
            },
            "required": ["type", "title", "status", "detail"],
        },
    })
}
