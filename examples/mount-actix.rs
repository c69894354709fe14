//! An application with a page of its own that mounts the catalogue under `/api`.

use actix_web::{App, HttpServer, web::get};
use pyaday_actix::scope;
use pyaday_core::{Api, MemoryStore};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let api = Api::new(MemoryStore::new());
    let app = move || App::new().route("/", get().to(home)).service(scope("/api", &api));
    HttpServer::new(app).bind("127.0.0.1:5000")?.run().await
}

async fn home() -> &'static str {
    "The catalogue is under /api.\n"
}
