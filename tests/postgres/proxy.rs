//! A network between a client and a server, which can fail.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What the network does with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Passes,
    /// It holds back what the server sends. The server receives everything.
    HoldsAnswers,
    /// It holds back everything.
    HoldsAll,
    /// It has ended.
    Ended,
}

struct Network {
    upstream: u16,
    state: Mutex<State>,
    changed: Condvar,
}

/// How fast a network is, in each direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// The delay of each piece, however short it is.
    pub(crate) delay: Duration,
    /// The time for each byte of a piece.
    pub(crate) byte: Duration,
}

struct State {
    mode: Mode,
    pace: Pace,
    /// What the network does as soon as a client has sent this text.
    trap: Option<(&'static [u8], Mode)>,
    /// How often clients have sent this text.
    count: (&'static [u8], usize),
    /// Both ends of each connection, which [`Proxy::cut`] closes.
    open: Vec<TcpStream>,
}

/// Listens on loopback and passes everything on to a server. When the network heals, it delivers what it
/// held back, as TCP does. To lose these bytes, cut the connections first.
pub(crate) struct Proxy {
    network: Arc<Network>,
    port: u16,
}

impl Proxy {
    pub(crate) fn to(upstream: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Mutex::new(State {
            mode: Mode::Passes,
            pace: Pace::default(),
            trap: None,
            count: (b"", 0),
            open: Vec::new(),
        });
        let network = Arc::new(Network { upstream, state, changed: Condvar::new() });
        let shared = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.mode() == Mode::Ended {
                    return;
                }
                shared.connect(client);
            }
        });
        Self { network, port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on the network has this speed.
    pub(crate) fn set_pace(&self, pace: Pace) {
        self.network.lock().pace = pace;
    }

    /// From now on nothing gets through, and no error is reported: connections are made and stay open.
    pub(crate) fn hold_all(&self) {
        self.network.set(Mode::HoldsAll);
    }

    /// From now on the server receives all requests, but no answer gets through.
    pub(crate) fn hold_answers(&self) {
        self.network.set(Mode::HoldsAnswers);
    }

    /// Holds back everything as soon as a client sends this text. The text itself does not get through.
    pub(crate) fn hold_all_from(&self, words: &'static [u8]) {
        self.network.lock().trap = Some((words, Mode::HoldsAll));
    }

    /// Holds back all answers as soon as a client sends this text.
    pub(crate) fn hold_answers_to(&self, words: &'static [u8]) {
        self.network.lock().trap = Some((words, Mode::HoldsAnswers));
    }

    /// Begins to count how often clients send this text. It is counted at most once in a piece.
    pub(crate) fn count(&self, words: &'static [u8]) {
        self.network.lock().count = (words, 0);
    }

    /// How often clients have sent the counted text.
    pub(crate) fn counted(&self) -> usize {
        self.network.lock().count.1
    }

    /// True if a client has sent the text that the network waits for.
    pub(crate) fn has_heard(&self) -> bool {
        self.network.lock().trap.is_none()
    }

    /// Delivers what was held back, and everything from now on.
    pub(crate) fn heal(&self) {
        self.network.lock().trap = None;
        self.network.set(Mode::Passes);
    }

    /// Closes all connections. What was held back is lost.
    pub(crate) fn cut(&self) {
        let mut state = self.network.lock();
        for end in state.open.drain(..) {
            // It may already be closed.
            drop(end.shutdown(Shutdown::Both));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.network.set(Mode::Ended);
        self.cut();
        // The listener wakes up and sees that the network has ended.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

impl Network {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mode(&self) -> Mode {
        self.lock().mode
    }

    fn set(&self, mode: Mode) {
        self.lock().mode = mode;
        self.changed.notify_all();
    }

    /// Passes on what a client and the server send. If there is no server, it closes the connection to the
    /// client.
    fn connect(self: &Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.upstream)) else { return };
        for end in [&client, &server] {
            end.set_nodelay(true).unwrap();
            self.lock().open.push(end.try_clone().unwrap());
        }
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let network = Arc::clone(self);
        thread::spawn(move || network.pass_on(from, to, &[Mode::HoldsAll]));
        let network = Arc::clone(self);
        let held = [Mode::HoldsAll, Mode::HoldsAnswers];
        thread::spawn(move || network.pass_on(server, client, &held));
    }

    /// Passes on what one end sends until that end is closed, except while the network `holds`.
    fn pass_on(&self, mut from: TcpStream, mut to: TcpStream, holds: &[Mode]) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            self.hear(&bytes[..length]);
            self.travel(length);
            self.wait_while(holds);
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        // The close of an end is held back too.
        self.wait_while(holds);
        drop(to.shutdown(Shutdown::Both));
        drop(from.shutdown(Shutdown::Both));
    }

    /// Counts the text, and springs the trap if the bytes contain its text. Servers never send these texts.
    fn hear(&self, bytes: &[u8]) {
        let mut state = self.lock();
        let says = |words: &[u8]| {
            !words.is_empty() && bytes.windows(words.len()).any(|part| part == words)
        };
        if says(state.count.0) {
            state.count.1 += 1;
        }
        if let Some((words, mode)) = state.trap
            && says(words)
        {
            (state.mode, state.trap) = (mode, None);
        }
    }

    /// Waits for as long as this many bytes need on the network.
    fn travel(&self, length: usize) {
        let Pace { delay, byte } = self.lock().pace;
        let time = delay + byte * length as u32;
        if !time.is_zero() {
            thread::sleep(time);
        }
    }

    fn wait_while(&self, holds: &[Mode]) {
        let held = |state: &mut State| holds.contains(&state.mode);
        drop(self.changed.wait_while(self.lock(), held).unwrap_or_else(PoisonError::into_inner));
    }
}

#[test]
fn a_proxy_passes_holds_and_cuts() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let proxy = Proxy::to(listener.local_addr().unwrap().port());
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    let mut server = listener.accept().unwrap().0;
    let mut heard = [0; 1];

    client.write_all(b"a").unwrap();
    server.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"a");

    proxy.hold_answers();
    server.write_all(b"b").unwrap();
    client.write_all(b"c").unwrap();
    server.read_exact(&mut heard).unwrap();
    client.set_nonblocking(true).unwrap();
    assert!(client.read(&mut heard).is_err(), "{heard:?}");
    client.set_nonblocking(false).unwrap();
    proxy.heal();
    client.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"b");

    proxy.hold_all();
    client.write_all(b"d").unwrap();
    server.set_nonblocking(true).unwrap();
    assert!(server.read(&mut heard).is_err(), "{heard:?}");
    server.set_nonblocking(false).unwrap();
    proxy.cut();
    assert!(matches!(server.read(&mut heard), Ok(0) | Err(_)));
    assert!(matches!(client.read(&mut heard), Ok(0) | Err(_)));
}
