//! Who has signed in, in actix-web.

use actix_web::HttpMessage;
use actix_web::dev::{HttpServiceFactory, Service, ServiceRequest};
use pyaday_core::{Actor, Api, PackageStore};

/// The sign-in of your service adds this to the extensions of a request.
pub struct User(pub String);

/// The catalogue. Its guard and its store learn who has signed in.
pub fn catalogue<S: PackageStore>(prefix: &str, api: &Api<S>) -> impl HttpServiceFactory + use<S> {
    pyaday_actix::scope(prefix, api).wrap_fn(|request, service| {
        add_actor(&request);
        service.call(request)
    })
}

fn add_actor(request: &ServiceRequest) {
    let actor = request.extensions().get::<User>().map(|user| Actor::new(&user.0));
    if let Some(Ok(actor)) = actor {
        request.extensions_mut().insert(actor);
    }
}
