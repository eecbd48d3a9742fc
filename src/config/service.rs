//! What a service manager that started this process wants to hear of it: the variables of systemd's
//! `sd_notify(3)` and `sd_watchdog_enabled(3)`, which are no options.

use std::time::Duration;

use super::Input;

/// How the service manager is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    /// Its socket: a path, or an abstract name after `@`.
    pub(crate) socket: String,
    /// After how long without a sign of life it ends this process; `None` = never.
    pub(crate) watchdog: Option<Duration>,
}

impl Service {
    /// `None` where nobody wants to hear anything.
    pub(super) fn new(input: &Input<'_>, pid: u32) -> Option<Self> {
        let socket = input.variable("NOTIFY_SOCKET")?;
        // Without the process's number it is meant for whoever reads it.
        let ours = input.variable("WATCHDOG_PID").is_none_or(|text| text.parse() == Ok(pid));
        let microseconds = input.variable("WATCHDOG_USEC").filter(|_| ours);
        let watchdog = microseconds
            .and_then(|text| text.parse().ok())
            .filter(|microseconds| *microseconds > 0)
            .map(Duration::from_micros);
        Some(Self { socket, watchdog })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(variables: &[(&str, &str)]) -> Option<Service> {
        let variable = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Service::new(&Input { variable: &variable }, 17)
    }

    fn watchdog(pid: &str, microseconds: &str) -> Option<Duration> {
        let socket = ("NOTIFY_SOCKET", "/run/systemd/notify");
        let variables = [socket, ("WATCHDOG_PID", pid), ("WATCHDOG_USEC", microseconds)];
        service(&variables).unwrap().watchdog
    }

    #[test]
    fn without_a_socket_nobody_is_told() {
        assert_eq!(service(&[("WATCHDOG_USEC", "60000000")]), None);
        assert_eq!(service(&[("NOTIFY_SOCKET", "")]), None);
        let told = service(&[("NOTIFY_SOCKET", "@manager")]).unwrap();
        assert_eq!(told, Service { socket: "@manager".to_owned(), watchdog: None });
    }

    #[test]
    fn a_watchdog_is_heeded_where_it_is_meant_for_this_process() {
        let minute = Some(Duration::from_secs(60));
        assert_eq!(watchdog("17", "60000000"), minute);
        assert_eq!(watchdog("", "60000000"), minute);
        for (pid, microseconds) in
            [("18", "60000000"), ("x", "60000000"), ("17", "0"), ("17", "-1")]
        {
            assert_eq!(watchdog(pid, microseconds), None, "{pid} {microseconds}");
        }
    }
}
