//! The address of a server: taken early, opened late.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};

use tokio::net::{TcpSocket, lookup_host};

use crate::url::shown;
use crate::{Error, Prefix};

/// How many connections the system keeps until they are accepted.
const BACKLOG: u32 = 1024;

/// An address that is taken and refuses connections so far.
#[derive(Debug)]
pub struct Socket {
    address: String,
    socket: TcpSocket,
}

impl Socket {
    /// Takes an address, `127.0.0.1:5000` or `localhost:5000`: the first that can be taken if the
    /// host has several.
    ///
    /// # Errors
    /// There is no such address here, or it is taken.
    pub async fn bind(address: &str) -> Result<Self, Error> {
        match bind(address).await {
            Ok(socket) => Ok(Self { address: shown(address), socket }),
            Err(source) => Err(Error::Bind { address: shown(address), source }),
        }
    }

    /// The address that was taken.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr, Error> {
        self.socket
            .local_addr()
            .map_err(|source| Error::Bind { address: self.address.clone(), source })
    }

    /// Lets clients connect, and prints the URL on standard output.
    ///
    /// # Errors
    /// Another process took the address in the meantime.
    pub fn listen(self, prefix: &Prefix) -> Result<TcpListener, Error> {
        let Self { address, socket } = self;
        let listening = || {
            let listener = socket.listen(BACKLOG)?.into_std()?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = listening().map_err(|source| Error::Bind { address, source })?;
        announce(address, prefix);
        Ok(listener)
    }
}

async fn bind(address: &str) -> io::Result<TcpSocket> {
    let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in lookup_host(address).await? {
        result = bind_one(address);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn bind_one(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Unix, connections of an earlier process that linger do not keep the address taken. On
    // Windows the option would let two processes take it.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A standard output that nobody reads any more is no reason not to serve.
fn announce(address: SocketAddr, prefix: &Prefix) {
    let mut stdout = io::stdout();
    let _ = writeln!(stdout, "listening on http://{address}{prefix}");
    let _ = stdout.flush();
}
