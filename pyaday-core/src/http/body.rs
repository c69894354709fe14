//! The body of a response.

use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// The body of a response, which a server sends.
///
/// Most bodies are complete when the response is made. The body of an export is not: its pages are
/// made when the server polls for them, so it takes little memory, and a slow client makes it wait.
/// Its length is not known. So an adapter must send a body like any other [`http_body::Body`].
///
/// Each poll takes about a millisecond at most. It needs no thread and no async runtime.
///
/// ```
/// use http::Request;
/// use pyaday_core::{Api, MemoryStore, list_packages};
///
/// # async fn reads() {
/// let api = Api::new(MemoryStore::new());
/// let request = Request::get("/packages").body(String::new()).unwrap();
/// let response = list_packages(&api, request).await;
/// assert_eq!(response.body().as_bytes(), Some(&br#"{"items":[],"next":null,"total":0}"#[..]));
/// # }
/// ```
#[derive(Debug)]
pub struct Body {
    content: Content,
}

/// The content that is still to be sent.
#[derive(Debug)]
enum Content {
    Whole(Bytes),
    Pages(Box<Pages>),
}

/// The next page of a body, or `None` after the last one.
type NextPage = Poll<Option<Result<Bytes, Cause>>>;

type PollPage = dyn FnMut(&mut Context<'_>) -> NextPage + Send;

type Cause = Box<dyn Error + Send + Sync>;

/// The pages of a body. The mutex is never locked: it makes the body [`Sync`], as middleware of some
/// frameworks requires.
struct Pages(Mutex<Box<PollPage>>);

impl Body {
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// A body whose pages are made when they are sent. `poll_page` is like `poll_next` of a stream.
    /// No page may be empty.
    pub(crate) fn pages(
        poll_page: impl FnMut(&mut Context<'_>) -> NextPage + Send + 'static,
    ) -> Self {
        let pages = Pages(Mutex::new(Box::new(poll_page)));
        Self { content: Content::Pages(Box::new(pages)) }
    }

    /// Returns the content that is still to be sent, if all of it is known already.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Whole(content) => Some(content),
            Content::Pages(_) => None,
        }
    }

    /// Returns the content that is still to be sent, without copying it.
    ///
    /// # Errors
    /// Returns the body itself if its content is not known yet. Read it frame by frame then.
    pub fn try_into_bytes(self) -> Result<Bytes, Self> {
        match self.content {
            Content::Whole(content) => Ok(content),
            pages @ Content::Pages(_) => Err(Self { content: pages }),
        }
    }

    /// Ends the body with what its pages returned last, which is an error or nothing.
    fn end(&mut self, error: Option<Cause>) -> Option<Result<Frame<Bytes>, BodyError>> {
        // What the pages are made of is dropped immediately.
        let pages = mem::take(self);
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(pages)));
        let error = error.or_else(|| dropped.err().map(|_| panicked()));
        error.map(|cause| Err(BodyError(cause)))
    }
}

impl Pages {
    /// Polls for the next page. A panic becomes an error, because the host did not call what panics.
    fn poll(&mut self, context: &mut Context<'_>) -> NextPage {
        let poll_page = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // After a panic, the pages are not used again.
        catch_unwind(AssertUnwindSafe(|| poll_page(context)))
            .unwrap_or_else(|_| Poll::Ready(Some(Err(panicked()))))
    }
}

fn panicked() -> Cause {
    "a panic".into()
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pages").finish_non_exhaustive()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self { content: Content::Whole(Bytes::new()) }
    }
}

impl From<Bytes> for Body {
    fn from(content: Bytes) -> Self {
        Self { content: Content::Whole(content) }
    }
}

impl From<Vec<u8>> for Body {
    fn from(content: Vec<u8>) -> Self {
        Bytes::from(content).into()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.content {
            Content::Whole(content) => {
                let content = mem::take(content);
                Poll::Ready((!content.is_empty()).then(|| Ok(Frame::data(content))))
            }
            Content::Pages(pages) => match pages.poll(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(Ok(page))) => Poll::Ready(Some(Ok(Frame::data(page)))),
                Poll::Ready(Some(Err(error))) => Poll::Ready(self.end(Some(error))),
                Poll::Ready(None) => Poll::Ready(self.end(None)),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(content) => content.is_empty(),
            Content::Pages(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(content) => SizeHint::with_exact(content.len() as u64),
            Content::Pages(_) => SizeHint::default(),
        }
    }
}

/// Why the rest of a [`Body`] cannot be sent: the store failed or panicked after the response had
/// begun. The server must end the connection or the stream, so that the client knows that the
/// content is not complete.
///
/// The cause is the [source](Error::source). It is for the host's log. A complete body never fails.
#[derive(Debug)]
pub struct BodyError(Cause);

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rest of the response cannot be sent")
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::Waker;

    use http_body::Body as _;

    use super::*;

    #[test]
    fn a_body_is_sent_in_one_frame_and_knows_its_length() {
        for content in ["", "a", "two words"] {
            let mut body = pin!(Body::from(Bytes::from(content)));
            assert_eq!(body.size_hint().exact(), Some(content.len() as u64), "{content:?}");
            assert_eq!(body.is_end_stream(), content.is_empty(), "{content:?}");
            let mut sent = Vec::new();
            let context = &mut Context::from_waker(Waker::noop());
            while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(context) {
                sent.push(frame.into_data().unwrap_or_default());
            }
            let expected: Vec<_> = [content].into_iter().filter(|it| !it.is_empty()).collect();
            assert_eq!(sent, expected);
            assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
        }
    }

    /// Polls for a frame that is ready.
    fn frame(body: &mut Body) -> Option<Result<Bytes, BodyError>> {
        let context = &mut Context::from_waker(Waker::noop());
        match pin!(body).poll_frame(context) {
            Poll::Ready(frame) => {
                frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default()))
            }
            Poll::Pending => Some(Ok(Bytes::from("pending"))),
        }
    }

    #[test]
    fn pages_are_made_when_they_are_polled_and_nothing_is_known_before() {
        let mut pages = ["one", "two"].into_iter();
        let mut body =
            Body::pages(move |_| Poll::Ready(pages.next().map(|page| Ok(Bytes::from(page)))));
        for page in ["one", "two"] {
            assert_eq!(body.as_bytes(), None);
            assert!(!body.is_end_stream() && body.size_hint().exact().is_none());
            assert_eq!(frame(&mut body).unwrap().unwrap(), page);
        }
        body = body.try_into_bytes().unwrap_err();
        assert!(frame(&mut body).is_none() && frame(&mut body).is_none());
        assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
    }

    #[test]
    fn an_error_or_a_panic_ends_the_body_and_drops_what_it_is_made_of() {
        let fails: [fn() -> NextPage; 2] =
            [|| Poll::Ready(Some(Err("broken".into()))), || panic!("on purpose")];
        for (fail, cause) in fails.into_iter().zip(["broken", "a panic"]) {
            let alive = Arc::new(());
            let held = Arc::clone(&alive);
            let mut body = Body::pages(move |_| {
                let _held = &held;
                fail()
            });
            let error = frame(&mut body).unwrap().unwrap_err();
            assert_eq!(error.source().unwrap().to_string(), cause);
            assert_eq!(Arc::strong_count(&alive), 1);
            assert!(frame(&mut body).is_none() && body.is_end_stream());
        }
    }

    #[test]
    fn a_body_is_as_large_as_whole_content_and_can_be_shared_by_threads() {
        fn is_sync<T: Send + Sync>() {}
        is_sync::<Body>();
        assert_eq!(size_of::<Body>(), size_of::<Bytes>());
    }
}
