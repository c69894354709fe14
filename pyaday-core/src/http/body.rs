//! The body of a response.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// The body of a response, which a server sends.
///
/// Today every body is complete when the response is made. A later release may add bodies that are
/// produced while the client reads them. So an adapter must send it like any other
/// [`http_body::Body`].
///
/// ```
/// use http::Request;
/// use pyaday_core::{Api, MemoryStore, list_packages};
///
/// # async fn reads() {
/// let api = Api::new(MemoryStore::new());
/// let request = Request::get("/packages").body(String::new()).unwrap();
/// let response = list_packages(&api, request).await;
/// assert_eq!(response.body().as_bytes(), Some(&br#"{"items":[],"next":null}"#[..]));
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Body {
    content: Bytes,
}

impl Body {
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// Returns the content that is still to be sent, if all of it is known already.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        Some(&self.content)
    }

    /// Returns the content that is still to be sent, without copying it.
    ///
    /// # Errors
    /// Returns the body itself if its content is not known yet. Read it frame by frame then.
    pub fn try_into_bytes(self) -> Result<Bytes, Self> {
        Ok(self.content)
    }
}

impl From<Bytes> for Body {
    fn from(content: Bytes) -> Self {
        Self { content }
    }
}

impl From<Vec<u8>> for Body {
    fn from(content: Vec<u8>) -> Self {
        Self { content: content.into() }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let content = std::mem::take(&mut self.content);
        Poll::Ready((!content.is_empty()).then(|| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.len() as u64)
    }
}

/// Why the rest of a [`Body`] cannot be sent.
///
/// A complete body never fails.
#[derive(Debug)]
pub struct BodyError(Infallible);

impl fmt::Display for BodyError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl std::error::Error for BodyError {}

#[cfg(test)]
mod tests {
    use std::pin::pin;
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
}
