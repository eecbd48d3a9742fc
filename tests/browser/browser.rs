//! Chromium without a window, driven through chromedriver.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use ureq::http::Method;
use url::Url;

use crate::common::need;
use crate::common::proxy::OTHER;

/// The names that distributions give to the browser.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A name that leads to this machine in the browser alone, and that no dashboard is known by.
pub(crate) const FOREIGN: &str = "clock.example.net";

/// The longest that a page or a script of the tests may take, milliseconds; machines are busy.
const MOST_WAIT: u64 = 60_000;

/// The browser that is installed.
pub(crate) fn installed() -> Option<&'static str> {
    static NAME: OnceLock<Option<&str>> = OnceLock::new();
    *NAME.get_or_init(|| NAMES.into_iter().find(|name| need::runs(name, &["--version"])))
}

/// The process that starts browsers.
struct Driver {
    child: Child,
    url: String,
    /// It may go on writing.
    _output: BufReader<ChildStdout>,
}

/// What the tests share: the driver, once started, and the browsers that no test uses at the moment.
struct Shared {
    driver: Option<Driver>,
    idle: Vec<Browser>,
}

static SHARED: Mutex<Shared> = Mutex::new(Shared { driver: None, idle: Vec::new() });

impl Driver {
    fn start() -> Self {
        let mut child = need::program("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut said = String::new();
        let port = loop {
            let mut line = String::new();
            let read = output.read_line(&mut line).expect("chromedriver writes UTF-8");
            assert!(read > 0, "chromedriver ended: {said}");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim().trim_end_matches('.').to_owned();
            }
            said.push_str(&line);
        };
        Self { child, url: format!("http://127.0.0.1:{port}"), _output: output }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Where it has ended already nothing is to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends the browsers, then what started them.
pub(crate) fn end() {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.idle.clear();
    shared.driver = None;
}

/// A browser for one test. Those of tests that are over are used again, as a start takes a second.
pub(crate) struct Loan(Option<Browser>);

/// A browser with nothing of an earlier test.
pub(crate) fn browser() -> Loan {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let url = shared.driver.get_or_insert_with(Driver::start).url.clone();
    let idle = shared.idle.pop();
    drop(shared);
    Loan(Some(idle.unwrap_or_else(|| Browser::start(&url))))
}

impl Deref for Loan {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        self.0.as_ref().expect("it is held until it is dropped")
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let browser = self.0.take().expect("it is dropped once");
        // Of a test that failed nothing is used again.
        if !std::thread::panicking() {
            browser.forget();
            SHARED.lock().unwrap_or_else(PoisonError::into_inner).idle.push(browser);
        }
    }
}

/// A browser with one page.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Option<Client>,
    _profile: TempDir,
}

/// A command of chromedriver beyond the standard.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    fn start(driver: &str) -> Self {
        let profile = tempfile::tempdir().expect("a directory");
        let binary = need::program(installed().expect("a browser is installed"));
        let capabilities = json!({
            "browserName": "chrome",
            // Those that the tests make themselves.
            "acceptInsecureCerts": true,
            "goog:chromeOptions": {
                "binary": binary.get_program().to_string_lossy(),
                "args": [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    format!("--host-resolver-rules=MAP {FOREIGN} 127.0.0.1, MAP {OTHER} 127.0.0.1"),
                    format!("--user-data-dir={}", profile.path().display()),
                ],
            },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "timeouts": { "script": MOST_WAIT, "pageLoad": MOST_WAIT },
        });
        let capabilities: Capabilities = serde_json::from_value(capabilities).expect("an object");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        let client = runtime.block_on(
            ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(driver),
        );
        Self { runtime, client: Some(client.expect("the browser starts")), _profile: profile }
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("it is open until it is dropped")
    }

    fn extension(&self, path: &'static str, body: Value) -> Value {
        let answer = self.runtime.block_on(self.client().issue_cmd(Extension { path, body }));
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A command of the DevTools protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.extension("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// Leads the page to an address and waits until all of it is there.
    pub(crate) fn open(&self, url: &str) {
        let gone = self.runtime.block_on(self.client().goto(url));
        gone.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&self, expression: &str) -> Value {
        self.run(&format!("return ({expression});"), &[])
    }

    /// The text that an expression gives.
    pub(crate) fn text(&self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression}: {value}")).to_owned()
    }

    /// The texts that an expression gives.
    pub(crate) fn texts(&self, expression: &str) -> Vec<String> {
        serde_json::from_value(self.value(expression)).expect("a list of texts")
    }

    /// Runs a function's body in the page; where it returns a promise, its outcome.
    pub(crate) fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let ran = self.runtime.block_on(self.client().execute(script, arguments.to_vec()));
        ran.unwrap_or_else(|error| panic!("{error}: {:.200}", script))
    }

    /// The size of the page in CSS pixels; a phone's where `phone`.
    pub(crate) fn resize(&self, width: u32, height: u32, phone: bool) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// The size of text that the reader has set, in CSS pixels; 16 is usual.
    pub(crate) fn text_size(&self, pixels: u32) {
        let sizes = json!({ "fontSizes": { "standard": pixels, "fixed": pixels } });
        self.devtools("Page.setFontSizes", sizes);
    }

    /// What the reader prefers, as `prefers-color-scheme` and `dark`.
    pub(crate) fn prefer(&self, features: &[(&str, &str)]) {
        let feature = |(name, value): &(&str, &str)| json!({ "name": name, "value": value });
        let features: Vec<_> = features.iter().map(feature).collect();
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Whether the scripts of pages run; the tests' own do always.
    pub(crate) fn scripts(&self, run: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !run }));
    }

    /// Presses a key and lets it go.
    pub(crate) fn press(&self, key: Key) {
        let (name, code, number, text) = match key {
            Key::Tab => ("Tab", "Tab", 9, ""),
            Key::Enter => ("Enter", "Enter", 13, "\r"),
            Key::Space => (" ", "Space", 32, " "),
            Key::Right => ("ArrowRight", "ArrowRight", 39, ""),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "key": name, "code": code, "windowsVirtualKeyCode": number,
            });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.devtools("Input.dispatchKeyEvent", event);
        }
    }

    /// The page as PNG, as much as the size shows.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let taken = self.runtime.block_on(self.client().screenshot());
        taken.expect("a picture")
    }

    fn log(&self, kind: &str) -> Vec<String> {
        let lines = self.extension("se/log", json!({ "type": kind }));
        let lines = lines.as_array().expect("a list");
        lines.iter().map(|l| l["message"].as_str().expect("a text").to_owned()).collect()
    }

    /// The messages in the browser's console, of every level, since they were asked for last.
    pub(crate) fn console(&self) -> Vec<String> {
        let mut messages = self.log("browser");
        // The machine's interfaces changed, as where containers are started beside the tests; the page goes
        // on after it.
        messages.retain(|message| !message.ends_with("net::ERR_NETWORK_CHANGED"));
        messages
    }

    /// The addresses that the pages asked for since this was asked last.
    pub(crate) fn requests(&self) -> Vec<String> {
        let events = self.log("performance").into_iter();
        let events = events.map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
        events
            .map(|event| event["message"].clone())
            .filter(|message| message["method"] == "Network.requestWillBeSent")
            .filter_map(|message| message["params"]["request"]["url"].as_str().map(str::to_owned))
            // The browser's own pages.
            .filter(|url| !url.starts_with("chrome"))
            .collect()
    }

    /// Makes it as it was at its start.
    fn forget(&self) {
        self.open("about:blank");
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({}));
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [] }));
        self.scripts(true);
        self.console();
        self.requests();
    }
}

/// Keys that lead through a page.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Tab,
    Enter,
    Space,
    Right,
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // One that has crashed cannot be closed.
            let _ = self.runtime.block_on(client.close());
        }
    }
}

/// The driver of this version fits the browser.
pub(crate) fn has_driver() -> bool {
    Command::new(need::program("chromedriver").get_program())
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}
