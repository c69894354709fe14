//! A socket that keeps to the limits.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::{Connection, Place};

/// How many bytes are read until other connections have their turn. actix-web works through all requests
/// and chunks that it has read before any other connection of its thread: these are about a hundred.
const READ_TURN: usize = 4 * 1024;

/// How many bytes are written until other connections have their turn.
const WRITE_TURN: usize = 256 * 1024;

/// The answer to a client whose head does not come to its end (RFC 9110 §15.5.9).
const TIMEOUT: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// A socket that keeps to the limits.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: TcpStream,
    place: Arc<Place>,
    /// How many bytes were read, and written, in this turn.
    read: usize,
    written: usize,
    is_blocked: bool,
    is_shut: bool,
    /// True once the client was told that the head of its request took too long.
    is_told: bool,
}

impl Stream {
    pub(crate) fn new(socket: TcpStream, place: Arc<Place>) -> Self {
        // Without it, small answers may be delayed. A connection that has failed shows that to its reader.
        let _ = socket.set_nodelay(true);
        Self {
            socket,
            place,
            read: 0,
            written: 0,
            is_blocked: false,
            is_shut: false,
            is_told: false,
        }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        self.place.connection()
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// True if the end is to be read now, although the client has not closed the connection. Otherwise the
    /// task is woken when it may be.
    fn is_to_end(&self, context: &Context<'_>) -> bool {
        let mut shared = self.place.connection().lock();
        let is_over = self.place.connection().is_stopping() && shared.state.is_idle();
        if shared.is_closing || is_over {
            return true;
        }
        shared.stream = Some(context.waker().clone());
        false
    }

    /// True if nothing is to be read any more, whatever the client has sent.
    fn has_ended(&mut self) -> bool {
        let shared = self.place.connection().lock();
        if shared.is_closing && shared.state.is_in_head() && !self.is_told {
            self.is_told = true;
            // If the system does not take it, then the client gets no answer.
            let _ = self.socket.try_write(TIMEOUT);
        }
        shared.is_closing || shared.state.has_read_enough(self.place.connection().limits())
    }

    /// Keeps account of what was written, or could not be written.
    fn wrote(
        &mut self,
        context: &Context<'_>,
        write: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match write {
            Poll::Ready(Ok(bytes)) => {
                self.written += bytes;
                if self.is_blocked {
                    self.is_blocked = false;
                    self.place.connection().lock().state.unblocked(Instant::now());
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Pending => {
                self.written = 0;
                self.is_blocked = true;
                let mut shared = self.place.connection().lock();
                shared.state.blocked(Instant::now());
                if shared.is_closing {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                shared.stream = Some(context.waker().clone());
                Poll::Pending
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }

    /// Throws away what the client still sends, until it ends or has sent enough.
    fn poll_linger(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut refused = [0; READ_TURN];
        loop {
            let mut buffer = ReadBuf::new(&mut refused);
            // If the connection has failed, then it has ended too.
            let read = ready!(self.as_mut().poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }

    /// True if it is the turn of other connections now.
    fn is_write_turn_over(&mut self, context: &Context<'_>) -> bool {
        let is_over = self.written >= WRITE_TURN;
        if is_over {
            self.written = 0;
            context.waker().wake_by_ref();
        }
        is_over
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.has_ended() {
            return Poll::Ready(Ok(()));
        }
        if self.read >= READ_TURN {
            self.read = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let room = buffer.remaining().min(READ_TURN);
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        match Pin::new(&mut self.socket).poll_read(context, &mut part) {
            Poll::Ready(Ok(())) => {
                let bytes = part.filled().len();
                buffer.advance(bytes);
                self.read += bytes;
                self.place.connection().lock().state.received(bytes, Instant::now());
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                self.read = 0;
                if self.is_to_end(context) {
                    // It may have to be said why.
                    self.has_ended();
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_write_turn_over(context) {
            return Poll::Pending;
        }
        let write = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.wrote(context, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_write_turn_over(context) {
            return Poll::Pending;
        }
        let write = Pin::new(&mut self.socket).poll_write_vectored(context, bytes);
        self.wrote(context, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    /// Sends the end. If the client still sends a body that nobody wants, then some of it is read before the
    /// socket is closed: if a socket is closed with unread bytes, then the client may lose its answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(Pin::new(&mut self.socket).poll_shutdown(context))?;
            self.is_shut = true;
        }
        let lingers = self.place.connection().lock().state.lingers(Instant::now());
        if lingers { self.poll_linger(context).map(Ok) } else { Poll::Ready(Ok(())) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.is_blocked {
            // The system would keep for minutes what the client does not read.
            let _ = self.socket.set_zero_linger();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Wake, Waker};

    use tokio::net::TcpListener;

    use super::*;
    use crate::Limits;
    use crate::connection::Connections;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    /// How many bytes a task can read until it must let others run.
    fn turn(reader: &mut (impl AsyncRead + Unpin)) -> (usize, bool) {
        let woken = Arc::<Woken>::default();
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut bytes = vec![0; 1024 * 1024];
        let mut buffer = ReadBuf::new(&mut bytes);
        while Pin::new(&mut *reader).poll_read(&mut context, &mut buffer).is_ready() {}
        (buffer.filled().len(), woken.0.load(Ordering::SeqCst))
    }

    /// The control is the socket itself.
    #[tokio::test]
    async fn a_client_that_has_sent_much_waits_for_its_turns() {
        const SENT: usize = 128 * 1024;

        for is_limited in [true, false] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut socket, _) = listener.accept().await.unwrap();
            client.write_all(&[0; SENT]).unwrap();
            socket.readable().await.unwrap();
            if is_limited {
                let place = Connections::new(Limits::default()).admit();
                let mut stream = Stream::new(socket, Arc::new(place));
                assert_eq!(turn(&mut stream), (READ_TURN, true));
                assert_eq!(turn(&mut stream), (READ_TURN, true));
            } else {
                let (bytes, is_woken) = turn(&mut socket);
                assert!(bytes > 2 * READ_TURN && !is_woken, "{bytes}");
            }
        }
    }
}
