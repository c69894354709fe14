//! Writes all packages of a store into a file or to standard output, as `GET /export` returns them.
//!
//! The content is the body of that operation's response, so the bytes are the same. A thread writes it, because
//! writing blocks. While one page is written, the next is made.

mod output;

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{poll_fn, try_join};
use http::Request;
use http::header::ETAG;
use http_body::Body as _;
use pyaday_core::{Api, Body, Endpoint, PackageStore, Problem, decode_body, decode_head};
use pyaday_core::{encode, execute};
use tokio::sync::mpsc;

pub(crate) use self::output::Output;
use crate::error::tell;
use crate::gate::Gate;
use crate::progress::Progress;
use crate::server::in_thread;
use crate::{Error, ExportFormat};

/// Writes all packages of a store, and says how many there are and of which revision.
///
/// If this is dropped before its end, then a file is left as it was before.
///
/// # Errors
/// The store fails, or the packages cannot be written. A file is left as it was before.
pub(crate) async fn export<S: PackageStore>(
    store: Arc<Gate<S>>,
    format: ExportFormat,
    output: Output,
) -> Result<(), Error> {
    let name = output.name().to_owned();
    let failed = |source| Error::ExportFailed { name: name.clone(), source };
    let (revision, body) = select(store, format).await.map_err(|it| failed(it.into()))?;
    let progress = output.progress();
    let (sender, pages) = mpsc::channel(1);
    let sending = async {
        let lines = send(body, sender, progress.as_ref()).await;
        lines.map_err(|error| failed(error.into()))
    };
    let writing = write(output, pages);
    let done = try_join(sending, writing).await;
    if let Some(progress) = &progress {
        progress.end();
    }
    let (lines, output) = done?;
    output.replace().await?;
    // The header of CSV is a line too.
    let packages = lines.saturating_sub(u64::from(format == ExportFormat::Csv));
    let s = if packages == 1 { "" } else { "s" };
    tell(&format!("exported {packages} package{s} of revision {revision} to {name}"));
    Ok(())
}

/// Selects all packages of one moment. Returns the revision of the catalogue, and the file.
async fn select<S: PackageStore>(
    store: Arc<Gate<S>>,
    format: ExportFormat,
) -> Result<(String, Body), Problem> {
    let api = Api::new(store);
    let mut parts = Request::new(()).into_parts().0;
    parts.uri = format.uri();
    #[expect(clippy::expect_used, reason = "the table of endpoints has it")]
    let endpoint = Endpoint::find(parts.uri.path()).expect("the endpoint exists");
    let head = decode_head(&api, endpoint, &parts)?;
    let command = decode_body(&api, head, &parts, &Bytes::new())?;
    let response = encode(api.options(), Ok(execute(&api, command).await?));
    let entity_tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    let revision = entity_tag.unwrap_or_default().trim_matches('"').to_owned();
    Ok((revision, response.into_body()))
}

/// Sends the pages of a body until nobody takes them. Returns how many lines they have: no text in them has a
/// line break, so each package is one line.
async fn send(
    mut body: Body,
    pages: mpsc::Sender<Bytes>,
    progress: Option<&Progress>,
) -> Result<u64, pyaday_core::BodyError> {
    let mut lines = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(page) = frame?.into_data() else { continue };
        let count = page.iter().filter(|byte| **byte == b'\n').count() as u64;
        lines += count;
        if pages.send(page).await.is_err() {
            // The thread has ended, and says why.
            break;
        }
        if let Some(progress) = progress {
            progress.advance(count);
        }
    }
    Ok(lines)
}

/// Writes the pages, and returns what they were written to.
async fn write(mut output: Output, mut pages: mpsc::Receiver<Bytes>) -> Result<Output, Error> {
    let mut file = output.take_file();
    let written = in_thread(move || {
        while let Some(page) = pages.blocking_recv() {
            file.write_page(&page)?;
        }
        file.finish()
    });
    match written.await? {
        Ok(()) => Ok(output),
        Err(source) => Err(output.unwritten(source)),
    }
}
