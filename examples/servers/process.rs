//! A server as a process of its own, and a client of it.

use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Both programs.
pub(crate) const SERVERS: [&str; 2] =
    [env!("CARGO_BIN_EXE_serve-axum"), env!("CARGO_BIN_EXE_serve-actix")];

/// How long anything may take: to begin, to answer, and, as is promised, to end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A program on a free port that forgets its packages, whatever the environment of the test says.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("PYADAY_") {
            command.env_remove(variable);
        }
    }
    command.env("PYADAY_BIND", "127.0.0.1:0").env("PYADAY_STORE", "memory:").args(args);
    command
}

/// A file of its own for each test that asks with a name of its own.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// An address that nobody had a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Runs a program that is to end by itself; its exit code, standard output and standard error.
pub(crate) fn ending(program: &str, args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let Ended { status, stdout, stderr } = Process::spawn(command(program, args), input).end();
    (status.code(), stdout, stderr)
}

/// A process that is killed when its test ends.
pub(crate) struct Process {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// What a process writes, line by line; nothing once it has closed its end.
type Lines = mpsc::Receiver<String>;

/// A standard error that nobody reads.
pub(crate) struct Unread(ChildStderr);

impl Unread {
    /// Reads the lines until the process ends.
    pub(crate) fn read(self) -> impl Iterator<Item = String> {
        BufReader::new(self.0).lines().map_while(Result::ok)
    }
}

pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts a process and gives it its standard input.
    pub(crate) fn spawn(command: Command, input: &[u8]) -> Self {
        let mut process = Self::spawn_open(command);
        let mut stdin = process.child.stdin.take().unwrap();
        let input = input.to_vec();
        // It may end before it has read all, or any of it.
        thread::spawn(move || stdin.write_all(&input));
        process
    }

    /// Starts a process whose standard input stays open.
    pub(crate) fn spawn_open(command: Command) -> Self {
        let mut child = piped(command);
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = messages(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// The same, with a standard output that nobody reads.
    pub(crate) fn spawn_unread(command: Command) -> Self {
        let mut child = piped(command);
        child.stdout = None;
        let stderr = messages(child.stderr.take().unwrap());
        Self { child, stdout: lines(std::io::empty()), stderr }
    }

    /// The same, with a standard error that nobody reads until its lines are asked for.
    pub(crate) fn spawn_mute(command: Command) -> (Self, Unread) {
        let mut child = piped(command);
        let stdout = lines(child.stdout.take().unwrap());
        let unread = Unread(child.stderr.take().unwrap());
        (Self { child, stdout, stderr: lines(std::io::empty()) }, unread)
    }

    /// Writes to standard input.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.child.stdin = None;
    }

    /// The next line on standard output, if there is one.
    pub(crate) fn line(&self) -> Option<String> {
        next(&self.stdout, Instant::now() + PATIENCE)
    }

    /// The next line on standard error.
    pub(crate) fn error_line(&self) -> String {
        next(&self.stderr, Instant::now() + PATIENCE).unwrap()
    }

    /// Waits for a line on standard error that begins so.
    pub(crate) fn wait_for(&self, beginning: &str) {
        while !self.error_line().starts_with(beginning) {}
    }

    /// Waits for a line on standard error with this in it.
    #[cfg(target_os = "linux")]
    pub(crate) fn wait_for_part(&self, part: &str) {
        while !self.error_line().contains(part) {}
    }

    /// The number of the process.
    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// True if the process has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the process to end by itself.
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let rest = |lines| -> String {
            let lines = std::iter::from_fn(|| next(lines, deadline));
            lines.map(|line| line + "\n").collect()
        };
        let (stdout, stderr) = (rest(&self.stdout), rest(&self.stderr));
        Ended { status: self.child.wait().unwrap(), stdout, stderr }
    }
}

fn piped(mut command: Command) -> Child {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    pipes.spawn().unwrap()
}

fn lines(pipe: impl Read + Send + 'static) -> Lines {
    lines_that(pipe, |_| true)
}

/// The lines but for those about the progress of an import or an export, which come if the machine is slow.
fn messages(pipe: impl Read + Send + 'static) -> Lines {
    lines_that(pipe, |line| !line.ends_with(" so far"))
}

fn lines_that(pipe: impl Read + Send + 'static, is_wanted: fn(&String) -> bool) -> Lines {
    let (sender, lines) = mpsc::channel();
    let read = BufReader::new(pipe).lines().map_while(Result::ok).filter(is_wanted);
    thread::spawn(move || read.into_iter().try_for_each(|line| sender.send(line)));
    lines
}

fn next(lines: &Lines, deadline: Instant) -> Option<String> {
    match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("nothing for {PATIENCE:?}"),
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If it has ended, then that was the purpose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that listens.
pub(crate) struct Server {
    pub(crate) process: Process,
    /// The whole line that says so.
    pub(crate) line: String,
    /// Where clients connect.
    address: SocketAddr,
}

impl Server {
    pub(crate) fn start(program: &str, args: &[&str]) -> Self {
        Self::start_with(program, args, b"")
    }

    /// Starts a server that reads `input`.
    pub(crate) fn start_with(program: &str, args: &[&str], input: &[u8]) -> Self {
        Self::listening(Process::spawn(command(program, args), input))
    }

    /// Waits until the process listens.
    pub(crate) fn listening(process: Process) -> Self {
        let Some(line) = process.line() else {
            panic!("{}", process.end().stderr);
        };
        let (address, _prefix) =
            line.strip_prefix("listening on http://").unwrap().split_once('/').unwrap();
        let mut address: SocketAddr = address.parse().unwrap();
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Self { process, line, address }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// The address for operators, which the server says on standard error before anything else. It needs
    /// the option `--admin`.
    pub(crate) fn admin(process: &Process) -> SocketAddr {
        let line = process.error_line();
        let address = line.strip_prefix("admin: http://").unwrap();
        address.trim_end_matches('/').parse().unwrap()
    }

    /// The answer to a GET on a connection of its own.
    pub(crate) fn get(&self, path: impl Display) -> Answer {
        self.connect().get(path)
    }

    /// The answer to a request on a connection of its own. The fields are lines.
    pub(crate) fn ask(&self, method: &str, path: &str, fields: &str) -> Answer {
        let mut client = self.connect();
        client.send(format!("{method} {path} HTTP/1.1\r\n{fields}\r\n"));
        client.answer_to(method)
    }

    /// The representation of a package, or the status if there is none.
    pub(crate) fn package(&self, name: &str) -> Result<String, u16> {
        let answer = self.get(format_args!("/packages/{name}"));
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.status) }
    }
}

/// A connection.
pub(crate) struct Client(BufReader<TcpStream>);

#[derive(Debug)]
pub(crate) struct Answer {
    /// `HTTP/1.1 200 OK`
    pub(crate) status_line: String,
    pub(crate) status: u16,
    /// Names, in lower case, and values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// The answer to a GET.
    pub(crate) fn get(&mut self, path: impl Display) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        self.answer()
    }

    /// Sends nothing more, and still reads.
    pub(crate) fn close_sending(&self) {
        self.0.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_to("GET")
    }

    /// Reads the answer to a request with this method. That to `HEAD` has no body.
    pub(crate) fn answer_to(&mut self, method: &str) -> Answer {
        let status_line = self.line();
        let status = status_line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        while let Some((name, value)) = self.line().split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status_line, status, headers, body: String::new() };
        let length = answer.header("content-length").map_or(0, |value| value.parse().unwrap());
        let body = match answer.header("transfer-encoding") {
            _ if method == "HEAD" => Vec::new(),
            Some("chunked") => self.chunks(),
            _ => self.bytes(length),
        };
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Reads a body in chunks (RFC 9112 §7.1).
    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line(), 16).unwrap();
            body.extend(self.bytes(length));
            assert_eq!(self.line(), "");
            if length == 0 {
                return body;
            }
        }
    }

    /// The status of the answer to a request, unless the server has closed the connection.
    pub(crate) fn exchange(&mut self, request: impl AsRef<[u8]>) -> Option<u16> {
        self.0.get_mut().write_all(request.as_ref()).ok()?;
        let is_answered = self.0.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
        is_answered.then(|| self.answer().status)
    }

    /// True if the server closes the connection without another word.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.0.read(&mut [0]).unwrap() == 0
    }

    /// True if the server closes or resets the connection without an answer.
    #[cfg(target_os = "linux")]
    pub(crate) fn has_no_answer(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(bytes) => bytes == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
