//! `GET /rand`: draw one or several packages at random.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::http::facts::{Caching, Conditions, Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::query::{Parameter, Parameters, invalid, number, pairs};
use crate::http::response::{self, NO_STORE};
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::{QUERY_DESCRIPTION, json_content, parameter, reference};
use crate::package::{Stored, Tag, write_items};
use crate::store::PackageStore;

/// Returns a random package of the catalogue, where each is equally likely, or 404 if there are
/// none. With the parameter `count` it returns a list of several.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_random_package<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadRandomPackage, _, _>(api, request)
}

/// The maximum number of packages in one draw.
const MAX_COUNT: usize = 100;

#[derive(Debug, Default)]
pub(super) struct ReadRandomPackage {
    /// Only packages with this tag.
    tag: Option<Tag>,
    /// How many packages the list has. Without a number, the response is one package and not a
    /// list.
    count: Option<NonZeroUsize>,
}

/// The packages that were drawn.
pub(super) enum Drawn {
    One(Stored),
    List(Vec<Stored>),
}

impl Operate for ReadRandomPackage {
    const FACTS: Facts = Facts {
        summary: "Draw one or several packages at random",
        description: QUERY_DESCRIPTION,
        query: |_| {
            let count = json!({ "type": "integer", "minimum": 1, "maximum": MAX_COUNT });
            vec![parameter("count", "query", count), parameter("tag", "query", reference("Tag"))]
        },
        conditions: Conditions::Ignored,
        problems: &[P::InvalidQuery, P::PackageNotFound, P::StoreUnavailable, P::Busy, P::Internal],
        success: Success {
            caching: Caching::NoStore,
            has_entity_tag: false,
            ..Success::content(
                "The package, or a list of packages if `count` is given.",
                json_content(|| reference("Draw")),
            )
        },
        ..Facts::read("read_random_package", Blueprint::Rand, "")
    };

    type Result = Drawn;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let mut draw = Self::default();
        let mut parameters = Parameters(["count", "tag"].map(Parameter::once));
        for pair in pairs(head.query()) {
            let Some((name, value)) = parameters.admit(pair)? else { continue };
            match name {
                "count" => draw.count = Some(number(name, &value, MAX_COUNT)?),
                _ => draw.tag = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
            }
        }
        Ok(draw)
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Drawn>, Problem> {
        match self {
            Self { tag: None, count: None } => {
                let package = api.store().random(api.options().seed()).await?;
                let package = package.ok_or_else(Problem::empty_catalogue)?;
                Ok(Performed::new(Drawn::One(package)))
            }
            // Web frameworks move futures in memory. Boxing this rare case keeps the common one
            // small.
            draw => Box::pin(draw.sample(api)).await.map(Performed::new),
        }
    }

    fn encode(drawn: Drawn, _: &Options) -> Response<Body> {
        let content = match drawn {
            Drawn::One(package) => package.into_representation(),
            Drawn::List(packages) => {
                let mut content = write_items(&packages);
                content.push(b'}');
                content.into()
            }
        };
        response::content(StatusCode::OK, JSON, NO_STORE, content)
    }
}

impl ReadRandomPackage {
    /// Draws a list of several packages, or a package with a tag.
    async fn sample<S: PackageStore>(self, api: &Api<S>) -> Result<Drawn, Problem> {
        let count = self.count.unwrap_or(NonZeroUsize::MIN);
        let seed = api.options().seed();
        let packages = api.store().sample(count, self.tag.as_ref(), seed).await?;
        match self.count {
            Some(_) => Ok(Drawn::List(packages)),
            None => packages.into_iter().next().map(Drawn::One).ok_or_else(Problem::none_tagged),
        }
    }
}
