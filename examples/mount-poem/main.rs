//! An application on poem with a page of its own that mounts the catalogue under `/api`.

mod adapter;

use poem::endpoint::make_sync;
use poem::listener::TcpListener;
use poem::{Route, Server};
use pyaday_core::{Api, MemoryStore};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let api = Api::new(MemoryStore::new());
    let app = Route::new().at("/", make_sync(|_| "The catalogue is under /api.\n"));
    let app = adapter::mount(app, "/api", &api);
    Server::new(TcpListener::bind("127.0.0.1:5000")).run(app).await
}
