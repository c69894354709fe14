//! An application whose catalogue is in the file `packages.ndjson`.

mod snapshot;
mod store;

use pyaday_core::Api;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let api = Api::new(store::FileStore::open("packages.ndjson")?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await?;
    Ok(axum::serve(listener, pyaday_axum::router(&api)).await?)
}
