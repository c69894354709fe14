//! `GET /desk/assets/{asset}`: the stylesheet or the script of the pages.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::operate::{Operate, Performed};
use super::pages;
use super::pipeline::respond_as;
use crate::desk::Asset;
use crate::http::conditions::Preconditions;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Body, Options, Problem};
use crate::store::PackageStore;

/// Returns the stylesheet or the script of the pages, or 404 if the path names neither. They contain
/// nothing of the catalogue, and also the pages that refuse something use them, so the guard is not
/// asked.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn show_asset<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ShowAsset, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ShowAsset {
    asset: &'static Asset,
    conditions: Preconditions,
}

impl Operate for ShowAsset {
    const FACTS: Facts = Facts {
        summary: "Read a file of the pages",
        is_guarded: false,
        ..pages::facts("show_asset", "/assets/{asset}")
    };

    type Result = &'static Asset;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let asset = head.variable::<String>("asset").and_then(|name| Asset::named(&name));
        let asset = asset.ok_or_else(Problem::nothing_here)?;
        Ok(Self { asset, conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(
        self,
        _: &Api<S>,
    ) -> Result<Performed<&'static Asset>, Problem> {
        Performed::read(self.asset, &self.conditions, |asset| pages::tag_of(asset))
    }

    fn encode(asset: &'static Asset, _: &Options) -> Response<Body> {
        pages::asset(asset)
    }
}
