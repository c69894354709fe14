//! A proxy that clients reach below a path that the server does not know.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::files;

pub(super) struct Nginx {
    process: Child,
    port: u16,
    path: &'static str,
}

impl Nginx {
    /// Starts nginx, which hands requests below `path` to the server, without that part of the path.
    pub(super) fn removing(path: &'static str, server: SocketAddr) -> Self {
        let folder = files::fresh("nginx");
        // An earlier run may have left it.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let shown = folder.display();
        let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {shown}/{kind};\n"))
            .collect();
        let site = format!(
            "server {{ listen 127.0.0.1:{port}; location {path} {{ proxy_pass http://{server}/; \
             proxy_http_version 1.1; gzip off; }} }}"
        );
        let whole = format!(
            "daemon off; master_process off; error_log stderr; pid {shown}/pid;\nevents {{}}\nhttp {{\n\
             access_log off;\n{folders}{site}}}\n"
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, whole).unwrap();
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-c"]).arg(&file).stdin(Stdio::null());
        let mut proxy = Self { process: command.spawn().unwrap(), port, path };
        proxy.wait();
        proxy
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(self.process.try_wait().unwrap().is_none() && Instant::now() < deadline);
            thread::yield_now();
        }
    }

    /// Where clients find the catalogue.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path.trim_end_matches('/'))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // If it has ended, then that was the purpose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
