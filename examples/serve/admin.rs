//! What operators ask a server on an address of its own: whether it lives, whether it can answer, and its
//! metrics.
//!
//! A thread of its own answers, so it does that while the others are busy.

mod metrics;
mod process;
mod ready;

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Args;
use metrics_exporter_prometheus::PrometheusHandle;
use pyaday_core::PackageStore;
use tokio::runtime::{Builder, Runtime};
use tokio::time::interval;

use crate::access::is_loopback;
use crate::error::tell;
use crate::gate::Gate;
use crate::url::shown;
use crate::{Axum, Error, Limits};

pub(crate) use self::ready::Facts;
use self::ready::{Phase, Probed, Readiness};

/// The media type of Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How many connections there may be, so that the catalogue's own address has descriptors left.
const CONNECTIONS: usize = 32;

/// How often samples are put into the buckets of their histograms, if nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);

/// The options of this address.
#[derive(Args, Clone, Debug, Default)]
pub struct AdminOptions {
    /// Where operators can ask how the server is: `/livez`, `/readyz` and `/metrics`
    ///
    /// A port alone is one of 127.0.0.1. Nobody has to sign in there, and what it says is not for the
    /// public, so let only your own machines reach it.
    #[arg(long, env = "PYADAY_ADMIN", value_name = "HOST:PORT")]
    pub admin: Option<String>,
}

/// What is known of the server, for whoever asks. Without the option, nobody does.
#[derive(Clone, Default)]
pub(crate) struct Admin {
    asked: Option<Arc<Asked>>,
}

struct Asked {
    readiness: Readiness,
    metrics: PrometheusHandle,
}

impl Admin {
    /// Begins to answer, if the options say where.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub(crate) fn start(options: &AdminOptions) -> Result<Self, Error> {
        let Some(address) = &options.admin else {
            return Ok(Self::default());
        };
        let failed = |source| Error::Bind { address: shown(address), source };
        let listener = bind(address).map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let metrics = metrics::install().map_err(failed)?;
        let asked = Arc::new(Asked { readiness: Readiness::default(), metrics });
        let answering = Arc::clone(&asked);
        thread::Builder::new()
            .name("admin".to_owned())
            .spawn(move || answer(&runtime, listener, answering, is_loopback(local)))
            .map_err(failed)?;
        tell(&format!("admin: http://{local}/"));
        Ok(Self { asked: Some(asked) })
    }

    /// The store is there. Requests for it go through the gate.
    pub(crate) fn watch<S: PackageStore>(&self, gate: &Arc<Gate<S>>, look: fn(&S) -> Facts) {
        if let Some(asked) = &self.asked {
            asked.readiness.watch(Probed::new(gate, look));
        }
    }

    /// The server listens.
    pub(crate) fn serving(&self) {
        self.enter(Phase::Serving);
    }

    /// The server takes no more requests.
    pub(crate) fn stopping(&self) {
        self.enter(Phase::Stopping);
    }

    fn enter(&self, phase: Phase) {
        if let Some(asked) = &self.asked {
            asked.readiness.enter(phase);
        }
    }
}

/// Takes an address; a port alone is one of this machine.
fn bind(address: &str) -> io::Result<TcpListener> {
    let listener = match address.parse::<u16>() {
        Ok(port) => TcpListener::bind((Ipv4Addr::LOCALHOST, port)),
        Err(_) => TcpListener::bind(address),
    }?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Answers until the process ends.
fn answer(runtime: &Runtime, listener: TcpListener, asked: Arc<Asked>, is_local: bool) {
    let metrics = asked.metrics.clone();
    let app = Router::new()
        .route("/livez", get(async || text(StatusCode::OK, "the process answers\n".to_owned())))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .with_state(asked);
    let app = if is_local { app.layer(from_fn(require_local_name)) } else { app };
    let served = runtime.block_on(async {
        tokio::spawn(async move {
            let mut interval = interval(UPKEEP);
            loop {
                interval.tick().await;
                metrics.run_upkeep();
            }
        });
        let limits = Limits { connections: CONNECTIONS, ..Limits::default() };
        Axum::serve_unlogged(listener, app, limits, pending()).await
    });
    if let Err(error) = served {
        tracing::error!("the address for operators is not answered any more: {error}");
    }
}

/// Refuses a request for another name than those of a loopback address, which a page of the Internet can give
/// to this machine (DNS rebinding).
async fn require_local_name(request: Request, next: Next) -> Response {
    let field = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = field.and_then(|field| field.parse::<Authority>().ok());
    let is_local = host.is_none_or(|host| {
        let name = host.host().trim_matches(['[', ']']);
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
    });
    if is_local {
        return next.run(request).await;
    }
    let reason = "this address answers for `localhost` and for IP addresses only\n";
    text(StatusCode::MISDIRECTED_REQUEST, reason.to_owned())
}

async fn ready(State(asked): State<Arc<Asked>>) -> Response {
    match asked.readiness.ask().await {
        Ok(text_of) => text(StatusCode::OK, text_of),
        Err(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}

async fn measured(State(asked): State<Arc<Asked>>) -> Response {
    metrics::look(&asked.readiness);
    ([(CONTENT_TYPE, METRICS), (CACHE_CONTROL, "no-store")], asked.metrics.render()).into_response()
}

fn text(status: StatusCode, text: String) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], text).into_response()
}
