//! What the servers let the clients of their connections do: how long a client may take, how much it may
//! send at once, and how many connections there may be.
//!
//! Neither framework bounds all of this, so both servers serve a [`Stream`] of this module in the place of
//! a `TcpStream`. A stream shares a [`Connection`] with the requests on it, so that it knows what the server
//! waits for: the head of a request, its body, or the client that is to read its answer. [`Connections`]
//! looks at all connections several times a second, ends the waits that have lasted too long, and closes
//! those that have waited longest if a new client needs the place.

mod answer;
mod body;
mod connections;
mod limits;
mod state;
mod stream;

pub(crate) use answer::Answering;
pub(crate) use body::{ReadBody, TooLate};
pub(crate) use connections::{Connection, Connections, Place};
pub use limits::Limits;
pub(crate) use stream::Stream;
