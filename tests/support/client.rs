//! The client of the golden list, which sends exactly the bytes of a request.

pub(crate) use pyaday_core::conformance::http::{Request, Response as Answer, send};
