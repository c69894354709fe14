//! An application with a page of its own that mounts the catalogue under `/api`.

use axum::{Router, routing::get};
use pyaday_axum::router;
use pyaday_core::{Api, MemoryStore};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let api = Api::new(MemoryStore::new());
    let app = Router::new().route("/", get(home)).nest("/api", router(&api));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:5000").await?, app).await
}

async fn home() -> &'static str {
    "The catalogue is under /api.\n"
}
