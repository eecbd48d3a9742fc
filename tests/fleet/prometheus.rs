//! A real Prometheus on a free port, in a directory of its own, ended on drop.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::process::{Child, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{eventually, need};

/// A running Prometheus.
pub(crate) struct Prometheus {
    child: Child,
    directory: TempDir,
    url: String,
    agent: ureq::Agent,
}

/// One series of an answer: its labels and its value.
pub(crate) type Sample = (BTreeMap<String, String>, f64);

impl Prometheus {
    /// Starts it with a configuration and the rules that are shipped.
    pub(crate) fn start(configuration: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("prometheus.yml");
        fs::write(&file, configuration).unwrap();
        fs::create_dir(directory.path().join("rules")).unwrap();
        for rules in crate::files("prometheus/rules", "yml") {
            let name = rules.file_name().unwrap();
            fs::copy(&rules, directory.path().join("rules").join(name)).unwrap();
        }
        let log = File::create(directory.path().join("log")).unwrap();
        let child = need::program("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(crate::common::PATIENCE))
            .build()
            .new_agent();
        let mut this = Self { child, directory, url: String::new(), agent };
        this.url = eventually("Prometheus says where it listens", || {
            let log = this.log();
            let line = log.lines().find(|line| line.contains("msg=\"Listening on\""))?;
            let address = line.split("address=").nth(1)?;
            Some(format!("http://{}", address.trim()))
        });
        let ready = format!("{}/-/ready", this.url);
        eventually("Prometheus is ready", || {
            this.agent.get(&ready).call().ok().filter(|answer| answer.status() == 200)
        });
        this
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// The data of an answer of its API.
    fn get(&self, path: &str, parameter: Option<(&str, &str)>) -> Value {
        let request = self.agent.get(format!("{}/api/v1/{path}", self.url));
        let request = match parameter {
            Some((name, value)) => request.query(name, value),
            None => request,
        };
        let mut response = request.call().unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(answer["status"], "success", "{path} {parameter:?}: {text}");
        answer["data"].take()
    }

    /// The answer to a query, now.
    pub(crate) fn query(&self, expression: &str) -> Vec<Sample> {
        let data = self.get("query", Some(("query", expression)));
        let samples = data["result"].as_array().unwrap().iter();
        let sample = |sample: &Value| {
            let labels = sample["metric"].as_object().unwrap().iter();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let labels = labels.map(|(name, value)| (name.clone(), text(value))).collect();
            (labels, text(&sample["value"][1]).parse().unwrap())
        };
        samples.map(sample).collect()
    }

    /// What it says of its targets.
    pub(crate) fn targets(&self) -> Value {
        self.get("targets", None)
    }

    /// What it says of its rules.
    pub(crate) fn rules(&self) -> Value {
        self.get("rules", None)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Where it has ended already nothing is to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
