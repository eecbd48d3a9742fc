//! nginx and Caddy as packaging/proxy sets them up, on a free port, in a directory of their own.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::{eventually, need};

/// The name of the site of its own, as in the examples.
pub(crate) const OWN: &str = "clock.example.net";
/// The name of the site with second-hand below /clock.
pub(crate) const OTHER: &str = "www.example.net";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
}

impl Kind {
    /// Why this machine cannot run it; `None` where it can.
    pub(crate) fn missing(self) -> Option<&'static str> {
        if !need::runs("openssl", &["version"]) {
            return Some("openssl is not installed");
        }
        match self {
            Self::Nginx => (!runs("nginx", "-v")).then_some("nginx is not installed"),
            Self::Caddy => (!runs("caddy", "version")).then_some("caddy is not installed"),
        }
    }
}

/// A running proxy, ended on drop.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) port: u16,
    directory: TempDir,
}

impl Proxy {
    /// Starts one before two dashboards (`HOST:PORT`): one at the root of a name, one with the base
    /// path /clock. `login` is NAME:HASH, which the first asks for.
    pub(crate) fn start(kind: Kind, own: &str, below: &str, login: Option<&str>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let place = directory.path();
        let child = match kind {
            Kind::Nginx => nginx(place, port, own, below, login),
            Kind::Caddy => caddy(place, port, own, below, login),
        };
        let mut proxy = Self { child, port, directory };
        eventually("the proxy listens", || {
            if proxy.child.try_wait().expect("it is asked").is_some() {
                panic!("the proxy ended: {}", proxy.log());
            }
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        // It may listen before it has its certificates.
        for name in [OWN, OTHER] {
            eventually(&format!("the proxy answers for {name}"), || {
                proxy.answer(name, "/health", "").0
            });
        }
        proxy
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// What follows a request over TLS, as it comes; for a name, with further headers.
    pub(crate) fn stream(&self, name: &str, path: &str, headers: &str) -> Conversation {
        let port = self.port;
        let mut child = need::program("openssl")
            .args(["s_client", "-quiet", "-connect", &format!("127.0.0.1:{port}")])
            .args(["-servername", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl runs");
        let host = if headers.starts_with("Host: ") {
            String::new()
        } else {
            format!("Host: {name}:{port}\r\n")
        };
        let ask = format!("GET {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n");
        let mut input = child.stdin.take().expect("its input is piped");
        // Where openssl has ended, there is no answer.
        let _ = input.write_all(ask.as_bytes());
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        Conversation { child, _input: input, output }
    }

    /// The status and the rest of the answer to a request.
    pub(crate) fn ask(&self, name: &str, path: &str, headers: &str) -> (u16, String) {
        let (status, text) = self.answer(name, path, headers);
        (status.unwrap_or_else(|| panic!("{name}{path}: {text:?}; {}", self.log())), text)
    }

    /// As above; there may be none.
    fn answer(&self, name: &str, path: &str, headers: &str) -> (Option<u16>, String) {
        let mut text = Vec::new();
        self.stream(name, path, headers).output.read_to_end(&mut text).expect("openssl's output");
        let text = String::from_utf8_lossy(&text).into_owned();
        (text.split(' ').nth(1).and_then(|status| status.parse().ok()), text)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx ends its workers when it is asked to end, not when it is killed.
        if let Some(pid) =
            i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let ended = super::within(super::PATIENCE, || self.child.try_wait().ok().flatten());
        if ended.is_none() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// An answer that comes bit by bit.
pub(crate) struct Conversation {
    child: Child,
    /// Closed, it would end the conversation.
    _input: std::process::ChildStdin,
    pub(crate) output: BufReader<ChildStdout>,
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, installed or taken out of its package by .ci/proxies.
fn program(name: &str) -> Command {
    let taken = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("proxies/usr");
    let taken = ["sbin", "bin"].map(|folder| taken.join(folder).join(name));
    match taken.iter().find(|path| path.exists()) {
        Some(path) => Command::new(path),
        None => need::program(name),
    }
}

fn runs(name: &str, argument: &str) -> bool {
    program(name).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// An example of packaging/proxy.
fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/proxy").join(name);
    fs::read_to_string(path).expect("the example is text")
}

/// An example with its addresses replaced, each of which it must hold.
fn filled(text: &str, replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the example holds no {from:?}");
        text.replace(from, to)
    })
}

/// The two upstreams of an example, in their order.
fn with_upstreams(text: &str, own: &str, below: &str) -> String {
    assert_eq!(text.matches("127.0.0.1:8000").count(), 2, "{text}");
    text.replacen("127.0.0.1:8000", own, 1).replacen("127.0.0.1:8000", below, 1)
}

fn run(command: &mut Command, place: &Path) -> Child {
    let log = fs::File::create(place.join("log")).expect("a file for its log");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .env("HOME", place)
        .env("XDG_DATA_HOME", place)
        .env("XDG_CONFIG_HOME", place)
        .spawn()
        .expect("the proxy runs")
}

fn nginx(place: &Path, port: u16, own: &str, below: &str, login: Option<&str>) -> Child {
    let shown = place.display().to_string();
    let arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"];
    let made = need::program("openssl")
        .args(arguments)
        .arg(format!("/CN={OWN}"))
        .arg("-keyout")
        .arg(place.join("key"))
        .arg("-out")
        .arg(place.join("certificate"))
        .output();
    assert!(made.expect("openssl runs").status.success());
    let (certificate, key) = (format!("{shown}/certificate"), format!("{shown}/key"));
    let example = with_upstreams(&example("nginx.conf"), own, below);
    let mut example = filled(
        &example,
        &[
            ("listen 443 ssl http2;", &format!("listen 127.0.0.1:{port} ssl http2;")),
            ("listen [::]:443 ssl http2;", ""),
            ("/etc/ssl/certs/clock.example.net.pem", &certificate),
            ("/etc/ssl/private/clock.example.net.key", &key),
            ("/etc/ssl/certs/www.example.net.pem", &certificate),
            ("/etc/ssl/private/www.example.net.key", &key),
        ],
    );
    if let Some(login) = login {
        let file = format!("{shown}/htpasswd");
        fs::write(&file, format!("{login}\n")).expect("it is written");
        example = filled(
            &example,
            &[("#auth_basic", "auth_basic"), ("/etc/nginx/second-hand.htpasswd", &file)],
        );
    }
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {shown}/{name};\n"))
        .collect();
    let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
    let text = format!(
        "{user}daemon off;\nworker_processes 1;\npid {shown}/pid;\nerror_log stderr info;\n\
         events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{folders}{example}}}\n"
    );
    let configuration = place.join("nginx.conf");
    fs::write(&configuration, text).expect("it is written");
    let mut command = program("nginx");
    command.args(["-e", "stderr", "-p"]).arg(place).arg("-c").arg(configuration);
    run(&mut command, place)
}

fn caddy(place: &Path, port: u16, own: &str, below: &str, login: Option<&str>) -> Child {
    let example = with_upstreams(&example("Caddyfile"), own, below);
    // A certificate of its own making, as no authority can be asked here.
    let site = |name: &str| format!("\nhttps://{name}:{port} {{\n\ttls internal");
    let mut example = filled(
        &example,
        &[(&format!("\n{OWN} {{"), &site(OWN)), (&format!("\n{OTHER} {{"), &site(OTHER))],
    );
    if let Some((name, hash)) = login.and_then(|login| login.split_once(':')) {
        example = filled(
            &example,
            &[
                ("#basicauth {", "basicauth {"),
                ("#\tNAME HASH", &format!("\t{name} {hash}")),
                ("#}", "}"),
            ],
        );
    }
    let options = "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n}\n";
    let configuration = place.join("Caddyfile");
    fs::write(&configuration, format!("{options}{example}")).expect("it is written");
    let mut command = program("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(configuration);
    run(&mut command, place)
}
