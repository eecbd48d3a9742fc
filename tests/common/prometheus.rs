//! A Prometheus server, in a directory of its own, ended on drop.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tempfile::TempDir;

use super::metrics::Metrics;
use super::{eventually, need};

/// A series: its labels and its value.
pub(crate) type Sample = (BTreeMap<String, String>, f64);

/// A running Prometheus.
pub(crate) struct Prometheus {
    directory: TempDir,
    child: Child,
    url: String,
}

impl Prometheus {
    /// Scrapes `http://TARGET/metrics` every second.
    pub(crate) fn scraping(target: &str) -> Self {
        Self::start(
            &format!(
                "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
                 scrape_configs: [{{job_name: chrony, static_configs: [{{targets: ['{target}']}}]}}]\n"
            ),
            &[],
        )
    }

    /// Starts it on a configuration, with files of rules in the folder `rules` beside that.
    pub(crate) fn start(configuration: &str, rules: &[PathBuf]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let folder = directory.path().join("rules");
        fs::create_dir(&folder).expect("a folder is made");
        for file in rules {
            let name = file.file_name().expect("a file has a name");
            fs::copy(file, folder.join(name)).expect("the rules are copied");
        }
        let path = directory.path().join("prometheus.yml");
        fs::write(&path, configuration).expect("the configuration is written");
        let log = directory.path().join("log");
        let child = need::program("prometheus")
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("the log is created"))
            .spawn()
            .expect("prometheus runs");
        let mut prometheus = Self { directory, child, url: String::new() };
        let address = eventually("prometheus listens", || {
            let log = fs::read_to_string(&log).ok()?;
            let ended = prometheus.child.try_wait().ok().flatten();
            assert!(ended.is_none(), "prometheus ended: {log}");
            let line = log.lines().find(|line| line.contains("\"Listening on\""))?.to_owned();
            line.split_once("address=").map(|(_, address)| address.trim().to_owned())
        });
        prometheus.url = format!("http://{address}");
        prometheus
    }

    /// Its answer to a query for this instant; `None` while it is not ready.
    fn query(&self, query: &str) -> Option<Value> {
        self.get("query", Some(("query", query)))
    }

    /// An answer of its API; `None` while it is not ready.
    pub(crate) fn get(&self, path: &str, parameter: Option<(&str, &str)>) -> Option<Value> {
        let request = ureq::get(format!("{}/api/v1/{path}", self.url));
        let answer = request.query_pairs(parameter).call();
        let answer: Value =
            serde_json::from_str(&answer.ok()?.body_mut().read_to_string().ok()?).ok()?;
        assert_eq!(answer["status"], "success", "{answer}");
        Some(answer)
    }

    /// The series that answer a query, each with its labels and its value.
    pub(crate) fn samples(&self, query: &str) -> Vec<Sample> {
        let answer = eventually("Prometheus answers", || self.query(query));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let sample = |sample: &Value| {
            let labels = sample["metric"].as_object().expect("labels").iter();
            let labels = labels.map(|(name, value)| (name.clone(), text(value))).collect();
            (labels, text(&sample["value"][1]).parse().expect("a number"))
        };
        answer["data"]["result"].as_array().expect("series").iter().map(sample).collect()
    }

    /// All that it knows of the target, from a scrape that began after this call.
    pub(crate) fn scraped(&self) -> Metrics {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs_f64();
        eventually("Prometheus has scraped its target", || {
            let at = Metrics::of_prometheus(
                &self.query("timestamp(up{job='chrony'}) and up{job='chrony'} == 1")?,
            );
            let at = at.value("", &[])?;
            (at > now).then_some(())
        });
        eventually("Prometheus answers", || {
            Some(Metrics::of_prometheus(&self.query("{job='chrony'}")?))
        })
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `promtool check metrics` has to say of a text in the classic form; nothing where it is clean.
pub(crate) fn promtool(text: &str) -> String {
    let mut child = need::program("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    let mut input = child.stdin.take().expect("its input is piped");
    input.write_all(text.as_bytes()).expect("promtool reads");
    drop(input);
    let output = child.wait_with_output().expect("promtool ends");
    let status = if output.status.success() { String::new() } else { output.status.to_string() };
    let said =
        [output.stdout, output.stderr].map(|part| String::from_utf8_lossy(&part).into_owned());
    said.concat() + &status
}
