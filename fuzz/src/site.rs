//! The application in process, before a simulated chronyd, and what every answer of it must be.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::io::Read;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::rt::SystemRunner;
use actix_web::test::{TestRequest, init_service, try_call_service};
use libchrony::testing::{Scenario, Simulator};

type Ask = dyn Fn(TestRequest) -> Answer;

/// The application, and the simulated chronyd that it reads.
pub(crate) struct Site {
    // Never dropped: the runtime in it cannot end while its thread ends.
    ask: ManuallyDrop<Box<Ask>>,
    pub(crate) chronyd: Simulator,
    markup: Markup,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

thread_local! {
    static SITE: OnceCell<Site> = const { OnceCell::new() };
}

/// Calls a function with this thread's site.
pub(crate) fn with(use_it: impl FnOnce(&Site)) {
    SITE.with(|site| use_it(site.get_or_init(Site::new)));
}

impl Site {
    fn new() -> Self {
        let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("a simulated chronyd");
        let arguments = ["second-hand", "--timeout", "20ms", "--chronyd", &chronyd.address()];
        let application = second_hand::application_of(arguments.map(str::to_owned).into())
            .expect("the arguments are right");
        let system = actix_web::rt::System::new();
        let service = system.block_on(init_service(application));
        let ask = Box::new(move |request: TestRequest| asked(&system, &service, request));
        Self { ask: ManuallyDrop::new(ask), chronyd, markup: Markup::of_the_templates() }
    }

    /// Asks, and checks what every answer must be.
    pub(crate) fn ask(&self, request: TestRequest, for_programs: bool) -> Answer {
        let answer = (self.ask)(request);
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "x-frame-options",
            "cross-origin-resource-policy",
            "cache-control",
        ] {
            assert_eq!(answer.headers.get_all(name).count(), 1, "{name}");
        }
        let kind = answer.headers.get("content-type").and_then(|value| value.to_str().ok());
        if kind == Some("text/event-stream") {
            assert!(answer.status == 200 && answer.body.is_empty());
            return answer;
        }
        match kind.expect("an answer has a type") {
            "application/json" => check_json(&answer.body),
            kind if kind.starts_with("text/html") => self.markup.check(&answer.body),
            kind => {
                assert!(kind.starts_with("text/") || kind == "image/svg+xml", "{kind}");
                assert_eq!(answer.status, 200, "{kind}");
            }
        }
        assert_eq!(for_programs, kind == Some("application/json"), "{}", answer.body);
        answer
    }
}

fn asked(
    system: &SystemRunner,
    service: &impl Service<
        actix_http::Request,
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
    >,
    request: TestRequest,
) -> Answer {
    system.block_on(async {
        let response = try_call_service(service, request.to_request()).await;
        let response = response.expect("an error is an answer, too");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
        let body = response.into_body();
        if is("content-type", "text/event-stream") {
            // It has no end.
            assert!(body.size() == actix_web::body::BodySize::Stream);
            return Answer { status, headers, body: String::new() };
        }
        assert!(body.size() != actix_web::body::BodySize::Stream);
        let body = to_bytes(body).await.expect("a body that is there");
        let body = if is("content-encoding", "gzip") { unpacked(&body) } else { body.into() };
        let body = String::from_utf8(body).expect("a body is UTF-8");
        Answer { status, headers, body }
    })
}

fn unpacked(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut plain).expect("gzip");
    plain
}

/// JSON in which no text would move a terminal's cursor.
fn check_json(body: &str) {
    fn check(value: &serde_json::Value) {
        match value {
            serde_json::Value::String(text) => {
                assert!(!text.contains(char::is_control), "{text:?}");
            }
            serde_json::Value::Array(values) => values.iter().for_each(check),
            serde_json::Value::Object(values) => values.values().for_each(check),
            _ => {}
        }
    }
    check(&serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")));
}

/// The elements and attributes that the templates hold: no page may hold another.
struct Markup {
    elements: BTreeSet<String>,
    attributes: BTreeSet<String>,
}

impl Markup {
    fn of_the_templates() -> Self {
        let mut markup = Self { elements: BTreeSet::new(), attributes: BTreeSet::new() };
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the templates") {
                let path: PathBuf = entry.expect("a template").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    markup.learn(&std::fs::read_to_string(path).expect("a template"));
                }
            }
        }
        markup
    }

    fn learn(&mut self, template: &str) {
        for tag in tags(template) {
            let (element, attributes) = parts(tag);
            self.elements.insert(element.to_owned());
            self.attributes.extend(attributes.map(str::to_owned));
        }
    }

    fn check(&self, page: &str) {
        let odd = |c: char| c.is_control() && c != '\n';
        assert!(!page.contains(odd), "a control character: {page:?}");
        assert!(page.trim_end().ends_with("</html>"), "{page}");
        for tag in tags(page) {
            let (element, attributes) = parts(tag);
            assert!(self.elements.contains(element), "<{tag}> is no element of the templates");
            for attribute in attributes {
                assert!(self.attributes.contains(attribute), "{attribute} in <{tag}>");
            }
        }
    }
}

/// What stands between each < and the next >.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default())
}

/// The name of an element, and those of its attributes.
fn parts(tag: &str) -> (&str, impl Iterator<Item = &str>) {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    let (element, rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
    // Even pieces stand outside of quotes.
    let names = rest.split('"').step_by(2).flat_map(|piece| piece.split_whitespace());
    (element, names.map(|name| name.trim_end_matches('=')))
}
