//! What operators ask a server on an address of its own: whether it lives, whether it can answer, and its
//! metrics.
//!
//! A thread of its own answers, so it does that while the others are busy.

mod metrics;
mod process;
mod ready;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Args;
use metrics_exporter_prometheus::PrometheusHandle;
use pyaday_core::PackageStore;
use tokio::runtime::{Builder, Runtime};
use tokio::time::interval;

use crate::Error;
use crate::error::tell;
use crate::gate::Gate;
use crate::url::shown;

pub(crate) use self::ready::Facts;
use self::ready::{Phase, Probed, Readiness};

/// The media type of Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How long a client may take to send a request.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

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
            .spawn(move || answer(&runtime, listener, answering))
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
fn answer(runtime: &Runtime, listener: TcpListener, asked: Arc<Asked>) {
    let metrics = asked.metrics.clone();
    let app = Router::new()
        .route("/livez", get(async || text(StatusCode::OK, "the process answers\n".to_owned())))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .with_state(asked);
    let served = runtime.block_on(async {
        tokio::spawn(async move {
            let mut interval = interval(UPKEEP);
            loop {
                interval.tick().await;
                metrics.run_upkeep();
            }
        });
        let mut server = axum_server::from_tcp(listener)?.http1_only();
        server.http_builder().http1().header_read_timeout(CLIENT_TIMEOUT);
        server.serve(app.into_make_service()).await
    });
    if let Err(error) = served {
        tracing::error!("the address for operators is not answered any more: {error}");
    }
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
