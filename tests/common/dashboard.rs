//! The real binary on a free port, asked over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::eventually;
use super::page::Page;

/// A running second-hand, killed on drop.
pub(crate) struct Dashboard {
    child: Child,
    /// `http://HOST:PORT`.
    pub(crate) url: String,
    agent: ureq::Agent,
}

/// A response of it.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn page(&self) -> Page {
        Page::new(&self.body)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or("?"))
    }
}

/// The binary under test, without the variables of whoever runs the tests.
pub(crate) fn second_hand() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_second-hand"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["SECOND_HAND_", "NOTIFY_", "WATCHDOG_"].iter().any(|start| name.starts_with(start)) {
            command.env_remove(&*name);
        }
    }
    command
}

impl Dashboard {
    /// Starts it for the chronyd at an address.
    pub(crate) fn of(chronyd: &str) -> Self {
        Self::start(second_hand().args(["--port", "0", "--chronyd", chronyd]))
    }

    /// As above; it reads in the background once, at the start.
    pub(crate) fn quiet(chronyd: &str) -> Self {
        let refresh = ["--refresh", "1h"];
        Self::start(second_hand().args(["--port", "0", "--chronyd", chronyd]).args(refresh))
    }

    /// As above, for a chronyd that will not answer.
    pub(crate) fn impatient(chronyd: &str) -> Self {
        let more = ["--refresh", "1h", "--timeout", "200ms"];
        Self::start(second_hand().args(["--port", "0", "--chronyd", chronyd]).args(more))
    }

    /// Waits until the first reading in the background is over: it was asked for before the address
    /// was told, and readings do not overlap.
    pub(crate) fn settled(self) -> Self {
        let mut stream = TcpStream::connect(self.authority()).expect("second-hand listens");
        let ask = b"GET /api/v1/tracking HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(ask).expect("second-hand reads");
        stream.read_to_end(&mut Vec::new()).expect("second-hand answers");
        self
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_telling(command, Stdio::null())
    }

    /// As above, its log going somewhere.
    pub(crate) fn start_telling(command: &mut Command, log: impl Into<Stdio>) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("second-hand runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        let url =
            line.trim().strip_prefix("listening on ").expect("the line it promises").to_owned();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(super::PATIENCE))
            .build()
            .new_agent();
        Self { child, url, agent }
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        let request = self.agent.get(format!("{}{path}", self.url));
        Self::taken(request.call())
    }

    pub(crate) fn head(&self, path: &str) -> Response {
        let request = self.agent.head(format!("{}{path}", self.url));
        Self::taken(request.call())
    }

    pub(crate) fn get_as(&self, host: &str, path: &str) -> Response {
        self.get_with(path, &[("Host", host)])
    }

    /// As above, with these headers.
    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        Self::taken(self.asked(path, headers))
    }

    /// As above, the body as it came.
    pub(crate) fn get_bytes(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (ureq::http::HeaderMap, Vec<u8>) {
        let mut response = self.asked(path, headers).expect("second-hand answers");
        let body = response.body_mut().read_to_vec().expect("a body");
        (response.headers().clone(), body)
    }

    fn asked(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let request =
            headers.iter().fold(request, |request, (name, says)| request.header(*name, *says));
        request.call()
    }

    pub(crate) fn send(&self, method: &str, path: &str) -> Response {
        let request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        Self::taken(self.agent.run(request.body(()).expect("a request")))
    }

    fn taken(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Response {
        let mut response = response.expect("second-hand answers");
        Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().expect("the body is UTF-8"),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `HOST:PORT`.
    pub(crate) fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap_or(&self.url)
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn end(mut self, signal: Signal) -> ExitStatus {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("it runs");
        kill_process(pid, signal).expect("it is signalled");
        eventually("second-hand ends", || self.child.try_wait().ok().flatten())
    }

    /// Kills it without a chance to clean up.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        // Where it has ended already nothing is to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
