//! Applications of both frameworks, which answer without a socket.

use std::collections::BTreeMap;

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpMessage};
use axum::Router;
use axum::body::Body;
use http::Request;
use tower::ServiceExt;

use crate::{protect_actix, protect_axum};

/// In the extensions of a request: the name of the user who has signed in.
#[derive(Clone)]
pub(crate) struct SignedIn(pub(crate) &'static str);

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: BTreeMap<String, String>,
}

pub(crate) async fn axum(app: &Router, mut request: Request<String>) -> Answer {
    if let Some(SignedIn(name)) = request.extensions().get().cloned() {
        request.extensions_mut().insert(protect_axum::User(name.to_owned()));
    }
    let response = app.clone().oneshot(request.map(Body::from)).await.unwrap();
    let fields = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Answer::new(response.status().as_u16(), fields)
}

pub(crate) async fn actix(
    app: impl FnOnce(&mut ServiceConfig),
    request: Request<String>,
) -> Answer {
    let service = init_service(App::new().configure(app)).await;
    let (head, body) = request.into_parts();
    let uri = head.uri.to_string();
    let mut asked = TestRequest::with_uri(&uri).method(head.method.as_str().parse().unwrap());
    for (name, value) in &head.headers {
        asked = asked.insert_header((name.as_str(), value.as_bytes()));
    }
    let asked = asked.set_payload(body).to_request();
    if let Some(SignedIn(name)) = head.extensions.get() {
        asked.extensions_mut().insert(protect_actix::User((*name).to_owned()));
    }
    let response = call_service(&service, asked).await;
    let fields = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Answer::new(response.status().as_u16(), fields)
}

impl Answer {
    fn new<'a>(status: u16, fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let fields = fields.map(|(name, value)| (name.to_owned(), text(value))).collect();
        Self { status, fields }
    }

    pub(crate) fn location(&self) -> Option<&str> {
        self.fields.get("location").map(String::as_str)
    }
}
