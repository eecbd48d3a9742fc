//! Names, passwords and tokens, where the files ask for them.

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libchrony::testing::{Scenario, Simulator};
use tempfile::TempDir;

use crate::common::dashboard::{Dashboard, Response, second_hand};
use crate::common::{PATIENCE, eventually};
use crate::raw::talk;
use crate::{assert_failure, assert_page};

// "word" and "other word", by htpasswd -nbB -C 4 and -C 5.
const ANN: &str = "ann:$2y$04$P1l4YjvDNaif0Fyjm9EaHuBG8EXjwal5QDVNHUj7f00AhVg3oOiz2\n";
const BOB: &str = "bob:$2y$05$PME0o6i7S4RKz5c473tn2OECL9uxzIlz5JS9MZK0PDSovbGF2faoy\n";
const TOKEN: &str = "a-token-for-the-scraper-1";

/// A dashboard with files of logins, and its log.
struct Guarded {
    directory: TempDir,
    _chronyd: Simulator,
    dashboard: Dashboard,
}

impl Guarded {
    fn start(names: Option<&str>, tokens: Option<&str>, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("it starts");
        let mut command = second_hand();
        command.args(["--port", "0", "--refresh", "1h", "--log", "info"]).args(flags);
        command.args(["--chronyd", &chronyd.address()]);
        for (option, name, text) in
            [("--basic-auth-file", "names", names), ("--bearer-token-file", "tokens", tokens)]
        {
            if let Some(text) = text {
                let path = directory.path().join(name);
                secret(&path, text);
                command.arg(option).arg(path);
            }
        }
        let log = File::create(directory.path().join("log")).expect("a file for its log");
        let dashboard = Dashboard::start_telling(&mut command, log);
        Self { directory, _chronyd: chronyd, dashboard }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).expect("the log is text")
    }

    fn get(&self, path: &str, authorization: &str) -> Response {
        self.dashboard.get_with(path, &[("Authorization", authorization)])
    }

    fn status(&self, authorization: &str) -> u16 {
        self.get("/api/v1/tracking", authorization).status
    }
}

/// A file that its owner alone can read.
fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("it is written");
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("it is closed to others");
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Whether a guarded dashboard lets everybody have it.
fn is_open(path: &str) -> bool {
    path == "/health" || path.starts_with("/static/")
}

/// Every address of the table of URLs.
fn served() -> Vec<String> {
    let table = include_str!("../../src/routes/mod.rs");
    let paths = table.split("get(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let paths: Vec<_> = paths
        .map(|path| path.replace("{id}", "192.0.2.11").replace("{report}", "tracking"))
        .collect();
    assert!(paths.len() >= 12, "{paths:?}");
    paths
}

#[test]
fn without_a_login_everything_but_health_and_static_files_is_refused() {
    let guarded = Guarded::start(Some(ANN), Some(TOKEN), &["--probe-allow", "127.0.0.1"]);
    let mut asked = 0;
    let extra = ["/metrics", "/probe?target=127.0.0.1", "/nothing", "/api/v1/nothing", "/health/"];
    for path in served().into_iter().chain(extra.map(str::to_owned)) {
        if is_open(&path) {
            continue;
        }
        for method in ["GET", "HEAD", "POST"] {
            let response = guarded.dashboard.send(method, &path);
            assert_eq!(response.status, 401, "{method} {path}");
            let challenges: Vec<_> = response.headers.get_all("www-authenticate").iter().collect();
            assert_eq!(
                challenges,
                ["Basic realm=\"second-hand\", charset=\"UTF-8\"", "Bearer realm=\"second-hand\""]
            );
            asked += 1;
        }
    }
    assert!(asked > 40, "{asked}");
    assert_page(&guarded.dashboard.get("/"), 401);
    assert_failure(&guarded.dashboard.get("/api/v1/snapshot"), 401, "unauthorized");
    assert_failure(&guarded.dashboard.get("/live"), 401, "unauthorized");
    let health = guarded.dashboard.get("/health");
    assert_eq!(health.status, 200);
    assert_eq!(health.body, "{\"status\":\"healthy\",\"version\":null}");
    let refusal = guarded.dashboard.get("/").page();
    for file in refusal.attributes("link, img", "href") {
        assert_eq!(guarded.dashboard.get(&file).status, 200, "{file}");
    }
    // Another host is refused before anybody is asked for a password.
    assert_eq!(guarded.dashboard.get_as("example.net", "/").status, 421);
}

#[test]
fn either_a_name_with_its_password_or_a_token_lets_in() {
    let guarded = Guarded::start(Some(&format!("{ANN}{BOB}")), Some(TOKEN), &[]);
    let right = [basic("ann", "word"), basic("bob", "other word"), bearer(TOKEN)];
    for login in &right {
        for path in ["/", "/sources/192.0.2.11", "/health/sync", "/api/v1/snapshot"] {
            assert_eq!(guarded.get(path, login).status, 200, "{path}");
        }
    }
    for login in [
        basic("ann", "other word"),
        basic("ann", "Word"),
        basic("ann", ""),
        basic("ann", "word\0"),
        basic("", ""),
        basic("Ann", "word"),
        basic("carol", "word"),
        // What the unknown are compared with is bob's.
        basic("carol", "other word"),
        basic("ann", ANN.trim_end().split_once(':').expect("a hash").1),
        bearer("a-token-for-the-scraper-2"),
        bearer(""),
        bearer(&basic("ann", "word")),
        "Basic".to_owned(),
        "Bearer".to_owned(),
        "Basic %%%".to_owned(),
        "Digest username=\"ann\"".to_owned(),
        TOKEN.to_owned(),
    ] {
        assert_eq!(guarded.status(&login), 401, "{login}");
    }
    let twice = format!(
        "GET /api/v1/tracking HTTP/1.1\r\nHost: localhost\r\nAuthorization: {0}\r\nAuthorization: {0}\r\nConnection: close\r\n\r\n",
        right[0]
    );
    assert!(talk(&guarded.dashboard, twice.as_bytes()).starts_with("HTTP/1.1 401 "));
}

#[test]
fn one_kind_of_login_opens_nothing_where_the_other_is_asked_for() {
    let names = Guarded::start(Some(ANN), None, &[]);
    let challenge = |guarded: &Guarded| {
        let response = guarded.dashboard.get("/");
        response.headers.get_all("www-authenticate").iter().count()
    };
    assert_eq!((names.status(&bearer(TOKEN)), challenge(&names)), (401, 1));
    let tokens = Guarded::start(None, Some(TOKEN), &[]);
    assert_eq!((tokens.status(&basic("ann", "word")), challenge(&tokens)), (401, 1));
    assert_eq!((names.status(&basic("ann", "word")), tokens.status(&bearer(TOKEN))), (200, 200));
}

#[test]
fn failures_are_told_with_the_client_and_without_what_was_typed() {
    let guarded = Guarded::start(Some(ANN), Some(TOKEN), &["--trusted-proxy", "127.0.0.1"]);
    for login in [basic("ann", "typed-password"), basic("typed-name", "x"), bearer("typed-token")] {
        let ask = format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.7\r\nAuthorization: {login}\r\nConnection: close\r\n\r\n"
        );
        assert!(talk(&guarded.dashboard, ask.as_bytes()).starts_with("HTTP/1.1 401 "));
    }
    for _ in 0..30 {
        assert_eq!(guarded.status(&bearer("another-wrong-token")), 401);
    }
    assert_eq!(guarded.status(&basic("ann", "word")), 200);
    let log = guarded.log();
    let failed: Vec<_> = log.lines().filter(|line| line.contains("a login failed")).collect();
    assert_eq!(failed.len(), 10, "{log}");
    assert!(failed.iter().all(|line| line.contains("WARN")), "{log}");
    assert!(failed[..3].iter().all(|line| line.contains("client=192.0.2.7")), "{log}");
    assert!(failed[0].contains("name=\"ann\""), "{log}");
    let encoded = STANDARD.encode("ann:word");
    for secret in ["typed", TOKEN, "$2y$", &encoded, "another-wrong"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn a_changed_file_holds_at_once_and_a_broken_one_leaves_what_was() {
    let guarded = Guarded::start(Some(ANN), Some(TOKEN), &[]);
    let (ann, bob) = (basic("ann", "word"), basic("bob", "other word"));
    assert_eq!((guarded.status(&ann), guarded.status(&bob)), (200, 401));
    let mut stream = {
        let url = format!("{}/live", guarded.dashboard.url);
        let request = ureq::get(url).header("Authorization", &ann).config();
        let request = request.timeout_global(Some(PATIENCE)).build();
        let response = request.call().expect("a stream");
        BufReader::new(response.into_body().into_reader())
    };
    stream.read_line(&mut String::new()).expect("it begins");
    secret(&guarded.path("names"), BOB);
    eventually("bob may ask", || (guarded.status(&bob) == 200).then_some(()));
    assert_eq!(guarded.status(&ann), 401, "what was remembered is forgotten");
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut rest).expect("her stream ends");
    for broken in ["", "ann:word", "bob:$apr1$x$y"] {
        secret(&guarded.path("names"), broken);
        eventually("the log tells of it", || {
            let told = guarded.log().matches("cannot be used; what it held before").count();
            (told > 0).then_some(())
        });
        assert_eq!(guarded.status(&bob), 200);
    }
    fs::remove_file(guarded.path("tokens")).expect("it is removed");
    assert_eq!(guarded.status(&bearer(TOKEN)), 200);
    secret(&guarded.path("names"), ANN);
    eventually("ann may ask again", || (guarded.status(&ann) == 200).then_some(()));
    assert_eq!(guarded.status(&bob), 401);
}

#[test]
fn a_flood_of_wrong_passwords_keeps_out_nobody_who_was_let_in() {
    // Costly enough that the flood stands in line.
    let costly = BOB.replace("bob", "eve").replace("$05$", "$09$");
    let guarded = Guarded::start(Some(&format!("{ANN}{costly}")), Some(TOKEN), &[]);
    let ann = basic("ann", "word");
    assert_eq!(guarded.status(&ann), 200);
    let (over, dashboard) = (AtomicBool::new(false), &guarded.dashboard);
    std::thread::scope(|scope| {
        let flood = || {
            let (mut wrong, mut busy) = (0, 0);
            while !over.load(Ordering::SeqCst) {
                let login = basic("nobody", "guess");
                match dashboard.get_with("/api/v1/tracking", &[("Authorization", login.as_str())]) {
                    response if response.status == 503 => {
                        assert_failure(&response, 503, "busy");
                        assert_eq!(response.header("retry-after"), "2");
                        busy += 1;
                    }
                    response => {
                        assert_eq!(response.status, 401);
                        wrong += 1;
                    }
                }
            }
            (wrong, busy)
        };
        let floods: Vec<_> = (0..12).map(|_| scope.spawn(flood)).collect();
        let end = Instant::now() + Duration::from_secs(3);
        while Instant::now() < end {
            assert_eq!((guarded.status(&ann), guarded.status(&bearer(TOKEN))), (200, 200));
            assert_eq!(dashboard.get("/health").status, 200);
        }
        over.store(true, Ordering::SeqCst);
        let counts = floods.into_iter().map(|flood| flood.join().expect("it ends"));
        let (wrong, busy) = counts.fold((0, 0), |(a, b), (wrong, busy)| (a + wrong, b + busy));
        assert!(wrong > 0 && busy > 0, "{wrong} wrong, {busy} turned away");
    });
}

/// What it says and how it ends where a file cannot be used.
fn refused(option: &str, path: &Path) -> String {
    let mut command = second_hand();
    let output = command.args(["--port", "0", option]).arg(path).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.stdout.is_empty());
    text.lines().last().expect("a line").to_owned()
}

#[test]
fn a_file_that_cannot_be_used_stops_the_start_with_one_clear_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("logins");
    for (option, text, said) in [
        ("--basic-auth-file", "", "holds no name"),
        ("--basic-auth-file", "ann:$apr1$a$b\n", "line 1: the hash of \"ann\" is none of bcrypt"),
        ("--bearer-token-file", "# none yet\n", "holds no token"),
        ("--bearer-token-file", "short\n", "line 1: a token has 16 to 512"),
    ] {
        secret(&path, text);
        let line = refused(option, &path);
        assert!(line.contains(said) && line.contains("logins"), "{line}");
        assert!(!line.contains("apr1") && !line.contains("short"), "{line}");
    }
    let missing = refused("--basic-auth-file", &directory.path().join("missing"));
    assert!(missing.contains("No such file"), "{missing}");
    assert!(refused("--bearer-token-file", directory.path()).contains("no ordinary file"));
}

#[test]
fn what_is_dangerous_is_told_at_the_start() {
    let quiet = Guarded::start(Some(ANN), None, &[]);
    assert!(!quiet.log().contains("WARN"), "{}", quiet.log());
    let loud = Guarded::start(Some(ANN), None, &["--host", "0.0.0.0"]);
    assert!(loud.log().contains("in clear over the network"), "{}", loud.log());
    fs::set_permissions(loud.path("names"), Permissions::from_mode(0o644)).expect("it is opened");
    eventually("the log tells of it", || loud.log().contains("chmod o-r").then_some(()));
}
