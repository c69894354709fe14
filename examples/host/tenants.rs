//! A catalogue for each tenant.

use std::collections::BTreeMap;

use actix_web::web::ServiceConfig;
use axum::Router;
use pyaday_core::{Api, PackageStore};

/// The catalogues of all tenants by their names, in axum.
pub fn router<S: PackageStore>(tenants: &BTreeMap<String, Api<S>>) -> Router {
    tenants.iter().fold(Router::new(), |router, (tenant, api)| {
        router.nest(&format!("/tenants/{tenant}"), pyaday_axum::router(api))
    })
}

/// The same in actix-web, for `App::configure`.
pub fn configure<S: PackageStore>(tenants: &BTreeMap<String, Api<S>>, app: &mut ServiceConfig) {
    for (tenant, api) in tenants {
        app.service(pyaday_actix::scope(&format!("/tenants/{tenant}"), api));
    }
}
