//! Builds the description of an endpoint from the facts of its operations.

use http::Method;
use serde_json::{Map, Value, json};

use super::parts::{DATE, NAME, REVISION, described, parameter, reference};
use crate::history::ChangeNote;
use crate::http::admission;
use crate::http::facts::{Caching, Conditions, Facts, RequestBody, Success};
use crate::http::media_type::{MERGE_PATCH_JSON, PROBLEM_JSON};
use crate::http::{Endpoint, Options, ProblemType, path};

/// The schemas of path variables.
const VARIABLES: [(&str, &str); 3] = [("name", NAME), ("date", DATE), ("revision", REVISION)];

pub(crate) fn path_item(options: &Options, endpoint: &Endpoint) -> Value {
    let mut item = Map::new();
    let variables: Vec<_> = path::variables(endpoint.path())
        .filter_map(|variable| VARIABLES.into_iter().find(|(name, _)| *name == variable))
        .map(|(variable, schema)| parameter(variable, "path", reference(schema)))
        .collect();
    if !variables.is_empty() {
        item.insert("parameters".to_owned(), variables.into());
    }
    for operation in endpoint.operations() {
        let facts = operation.facts();
        let described = operation_object(options, facts);
        if facts.method == Method::GET {
            item.insert("head".to_owned(), without_content(&described));
        }
        item.insert(facts.method.as_str().to_ascii_lowercase(), described);
    }
    item.insert("options".to_owned(), options_operation(options, endpoint));
    Value::Object(item)
}

/// `HEAD` is described like `GET`, without the content of the responses.
fn without_content(get: &Value) -> Value {
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

fn options_operation(options: &Options, endpoint: &Endpoint) -> Value {
    let mut headers = fields(constant_field("no-store"));
    headers.insert("Allow".to_owned(), constant_field(&endpoint.allow()));
    if let Some(media_type) = endpoint.accept_patch() {
        headers.insert("Accept-Patch".to_owned(), constant_field(media_type));
    }
    let path = endpoint.full_path();
    let words: Vec<_> =
        path.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut responses = Map::from_iter([(
        "204".to_owned(),
        json!({ "description": "The methods.", "headers": headers }),
    )]);
    if options.hosts.is_some() {
        add_problem(&mut responses, None, ProblemType::MisdirectedRequest);
    }
    json!({
        "operationId": format!("options_{}", words.join("_")),
        "summary": "List the methods of this path",
        "tags": [endpoint.blueprint().tag()],
        "responses": responses,
    })
}

fn operation_object(options: &Options, facts: &Facts) -> Value {
    let mut object = json!({
        "operationId": facts.name,
        "summary": facts.summary,
        "parameters": parameters(options, facts),
        "responses": responses(options, facts),
    });
    if !facts.description.is_empty() {
        object["description"] = facts.description.into();
    }
    if let Some(body) = &facts.body {
        let content = json!({ "schema": reference(body.schema), "example": (body.example)() });
        let mut contents = Map::from_iter([(body.media_type.to_owned(), content)]);
        for other in body.other_media_types {
            contents.insert((*other).to_owned(), json!({ "schema": reference(body.schema) }));
        }
        object["requestBody"] = json!({ "required": true, "content": contents });
    }
    object["tags"] = json!([facts.blueprint.tag()]);
    object
}

fn parameters(options: &Options, facts: &Facts) -> Vec<Value> {
    let mut parameters = (facts.query)(options);
    if facts.conditions != Conditions::Ignored {
        let is_required =
            facts.conditions == Conditions::MayBeRequired && options.if_match_required;
        let text = || json!({ "type": "string" });
        let mut if_match = parameter("If-Match", "header", text());
        if_match["required"] = is_required.into();
        let what = "The resource must have one of these entity tags (RFC 9110).";
        parameters.push(described(what, if_match));
        let what = "The resource must have none of these entity tags (RFC 9110).";
        parameters.push(described(what, parameter("If-None-Match", "header", text())));
    }
    if !facts.method.is_safe() {
        let what = format!(
            "What the list of changes says about this change: a String or a Display String (RFC \
             9651) of at most {} characters.",
            ChangeNote::MAX_CHARS
        );
        let text = json!({ "type": "string" });
        parameters.push(described(&what, parameter("Change-Note", "header", text)));
    }
    parameters
}

fn responses(options: &Options, facts: &Facts) -> Map<String, Value> {
    let mut responses = Map::new();
    for success in facts.preview.iter().chain([&facts.success]) {
        let described = success_response(options, success);
        responses.insert(success.status.as_str().to_owned(), described);
    }
    if facts.conditions != Conditions::Ignored && facts.method.is_safe() {
        let description = "The client has the current representation.";
        let headers = success_fields(options, &facts.success, true);
        responses.insert("304".into(), json!({ "description": description, "headers": headers }));
    }
    for &kind in ProblemType::ALL {
        if !facts.problems.contains(&kind) && !admission::may_report(options, facts, kind)
            || kind == ProblemType::PreconditionRequired && !options.if_match_required
        {
            continue;
        }
        add_problem(&mut responses, facts.body.as_ref(), kind);
    }
    responses
}

fn success_response(options: &Options, success: &Success) -> Value {
    let mut response = json!({
        "description": success.description,
        "headers": success_fields(options, success, false),
    });
    for content in success.content.iter().chain(&success.other_content) {
        response["content"][content.media_type] = json!({ "schema": (content.schema)() });
    }
    if let Some(links) = (success.links)() {
        response["links"] = links;
    }
    response
}

/// The fields of a successful response, or only those that a 304 has too.
fn success_fields(options: &Options, success: &Success, only_metadata: bool) -> Map<String, Value> {
    let caches = options.caches();
    let mut headers = fields(match success.caching {
        Caching::NoCache => constant_field("no-cache"),
        Caching::NoStore => constant_field("no-store"),
        Caching::MaxAge => patterned_field(&format!("^{caches}, max-age=[0-9]+$")),
        Caching::Immutable => patterned_field(&format!("^{caches}, max-age=[0-9]+, immutable$")),
        Caching::ImmutablePast => {
            patterned_field(&format!("^(no-cache|{caches}, max-age=[0-9]+, immutable)$"))
        }
    });
    let extra = success.fields.iter().filter(|field| field.is_metadata || !only_metadata);
    for field in extra {
        let mut described = json!({ "description": field.description, "schema": (field.schema)() });
        if field.is_required {
            described["required"] = true.into();
        }
        headers.insert(field.name.to_owned(), described);
    }
    if success.has_entity_tag {
        let schema = json!({ "type": "string", "pattern": "^\"[!#-~]*\"$" });
        let field = json!({
            "description": "The entity tag (RFC 9110).", "required": true, "schema": schema,
        });
        headers.insert("ETag".into(), field);
    }
    headers
}

/// Adds a problem type to the responses of an operation with this request body.
fn add_problem(responses: &mut Map<String, Value>, body: Option<&RequestBody>, kind: ProblemType) {
    let response =
        responses.entry(kind.status().as_str()).or_insert_with(|| problem_response(body, kind));
    describe_problem(response, kind);
}

/// The response for a status that reports problems. The problem types are added later.
fn problem_response(body: Option<&RequestBody>, kind: ProblemType) -> Value {
    let mut headers = fields(constant_field("no-store"));
    match (kind, body) {
        (ProblemType::UnsupportedMediaType, Some(body)) => {
            let is_patch = body.media_type == MERGE_PATCH_JSON;
            let name = if is_patch { "Accept-Patch" } else { "Accept" };
            let what = "The supported media type, if the media type of the request is the fault.";
            headers.insert(name.into(), optional_field(what, &body.media_types().join(", ")));
            let what = "States that no content coding is supported, if the content coding of the request is the fault.";
            headers.insert("Accept-Encoding".into(), optional_field(what, "identity"));
        }
        (ProblemType::Unauthenticated, _) => {
            headers.insert(
                "WWW-Authenticate".into(),
                json!({
                    "description": "How to sign in (RFC 9110).",
                    "required": true,
                    "schema": { "type": "string" },
                }),
            );
        }
        (ProblemType::StoreUnavailable, _) => {
            headers.insert("Retry-After".into(), json!({
                "description": "The number of seconds to wait before the next attempt. It is absent if the write may have happened.",
                "schema": { "type": "integer", "minimum": 0 },
            }));
        }
        _ => {}
    }
    let status = kind.status().as_u16();
    json!({
        "description": "",
        "headers": headers,
        "content": { PROBLEM_JSON: {
            "schema": {
                "allOf": [reference("Problem")],
                "properties": { "type": { "enum": [] }, "status": { "const": status } },
            },
            "examples": {},
        } },
    })
}

/// Adds a problem type to the response with its status.
fn describe_problem(response: &mut Value, kind: ProblemType) {
    let description = response["description"].as_str().unwrap_or_default();
    let separator = if description.is_empty() { "" } else { "; or: " };
    response["description"] = format!("{description}{separator}{}", kind.title()).into();
    let content = &mut response["content"][PROBLEM_JSON];
    if let Some(types) = content["schema"]["properties"]["type"]["enum"].as_array_mut() {
        types.push(kind.urn().into());
    }
    content["examples"][kind.slug()] = json!({ "value": {
        "type": kind.urn(), "title": kind.title(), "status": kind.status().as_u16(),
        "detail": "A sentence that says what is wrong with this request.",
    } });
}

/// The fields that every response has.
fn fields(cache_control: Value) -> Map<String, Value> {
    Map::from_iter([
        ("Cache-Control".to_owned(), cache_control),
        ("X-Content-Type-Options".to_owned(), constant_field("nosniff")),
    ])
}

fn constant_field(value: &str) -> Value {
    json!({ "required": true, "schema": { "type": "string", "const": value } })
}

fn patterned_field(pattern: &str) -> Value {
    json!({ "required": true, "schema": { "type": "string", "pattern": pattern } })
}

fn optional_field(description: &str, value: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string", "const": value } })
}
