//! The server whose catalogue is mirrored, as a client sees it.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ETAG, HOST};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use pyaday_core::{NormalizedName, Package};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long the server may take for a response.
const PATIENCE: Duration = Duration::from_secs(30);

/// The number of items on a page: the most that servers give by default.
const LIMIT: usize = 200;

/// One connection to a server.
pub(crate) struct Source {
    sender: SendRequest<Empty<Bytes>>,
    host: HeaderValue,
    prefix: String,
}

#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// A change, as the list of changes shows it.
#[derive(Deserialize)]
pub(crate) struct Change {
    pub(crate) revision: String,
    pub(crate) what: String,
    pub(crate) by: Option<String>,
    pub(crate) note: Option<String>,
}

#[derive(Deserialize)]
struct Details {
    packages: Vec<After>,
    next: Option<String>,
}

/// A package after a change. The library itself reads the representation.
#[derive(Deserialize)]
struct After {
    name: String,
    after: Option<Box<RawValue>>,
}

/// What becomes of a package.
pub(crate) struct Changed {
    pub(crate) name: NormalizedName,
    pub(crate) after: Option<Package>,
}

impl Changed {
    pub(crate) fn to(text: &RawValue) -> Result<Self, Failure> {
        let package = Package::from_json(text.get().as_bytes())?;
        Ok(Self { name: package.name.normalized(), after: Some(package) })
    }

    pub(crate) fn removed(name: NormalizedName) -> Self {
        Self { name, after: None }
    }
}

impl Source {
    /// Connects to the catalogue below a URL. TLS is left to a proxy.
    pub(crate) async fn connect(url: &str) -> Result<Self, Failure> {
        let url: Uri = url.parse()?;
        let host = url.authority().ok_or("the URL has no host")?;
        let address = (host.host(), host.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(address).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // If the connection breaks off, the next request fails.
        tokio::spawn(connection);
        let prefix = url.path().trim_end_matches('/').to_owned();
        Ok(Self { sender, host: HeaderValue::from_str(host.as_str())?, prefix })
    }

    /// The newest revision, which is the entity tag of a list, without the quotes.
    pub(crate) async fn newest_revision(&mut self) -> Result<String, Failure> {
        let list = self.get("/packages?limit=1").await?;
        let tag = list.headers().get(ETAG).ok_or("the list has no entity tag")?;
        Ok(tag.to_str()?.trim_matches('"').to_owned())
    }

    /// A page of the packages after a name.
    pub(crate) async fn packages(
        &mut self,
        after: Option<&str>,
    ) -> Result<Page<Box<RawValue>>, Failure> {
        let after = after.map_or_else(String::new, |name| format!("&after={name}"));
        let page = self.read(&format!("/packages?limit={LIMIT}{after}")).await?;
        page.ok_or_else(|| "there are no packages at this URL".into())
    }

    /// The changes after a position, or `None` if the source does not have all of them.
    pub(crate) async fn changes(&mut self, after: &str) -> Result<Option<Page<Change>>, Failure> {
        self.read(&format!("/changes?limit={LIMIT}&after={after}")).await
    }

    /// What a change made of each package, or `None` if the source has removed the change meanwhile.
    pub(crate) async fn changed(
        &mut self,
        revision: &str,
    ) -> Result<Option<Vec<Changed>>, Failure> {
        let (mut packages, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/changes/{revision}?limit={LIMIT}{after}");
            let Some(page) = self.read::<Details>(&path).await? else { return Ok(None) };
            for After { name, after } in page.packages {
                packages.push(match after {
                    Some(text) => Changed::to(&text)?,
                    None => Changed::removed(name.parse()?),
                });
            }
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(Some(packages)),
            }
        }
    }

    /// Reads JSON. `None` stands for 404.
    async fn read<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>, Failure> {
        let response = self.get(path).await?;
        match response.status() {
            StatusCode::OK => Ok(Some(serde_json::from_slice(response.body())?)),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(format!("{path}: {status}").into()),
        }
    }

    async fn get(&mut self, path: &str) -> Result<Response<Bytes>, Failure> {
        let request = Request::get(format!("{}{path}", self.prefix));
        let request = request.header(HOST, &self.host).body(Empty::new())?;
        let response = async {
            let (head, body) = self.sender.send_request(request).await?.into_parts();
            Ok::<_, Failure>(Response::from_parts(head, body.collect().await?.to_bytes()))
        };
        timeout(PATIENCE, response).await?
    }
}
