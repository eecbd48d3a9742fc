//! Metrics of this process.

use super::family::{Column, Page, counter, gauge, given};

/// What this process says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    /// Readings of chronyd since the start.
    pub(crate) reads: u64,
    /// Those of them that gave no data.
    pub(crate) failures: u64,
    /// Steps of this machine's clock that were seen between readings.
    pub(crate) steps: u64,
    /// Restarts of chronyd that were seen between readings.
    pub(crate) restarts: u64,
    /// Who watches live now.
    pub(crate) viewers: usize,
    pub(crate) process: Process,
}

/// What the system says of this process; `None` where it does not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Process {
    /// Processor time used, seconds.
    pub(crate) cpu: Option<f64>,
    /// Bytes in memory.
    pub(crate) resident: Option<u64>,
    /// Bytes of address space.
    pub(crate) virtual_: Option<u64>,
    pub(crate) open_files: Option<usize>,
    pub(crate) most_files: Option<u64>,
    /// When it was started, seconds since 1970.
    pub(crate) started: Option<f64>,
}

static COLUMNS: [Column<Own>; 11] = [
    counter(
        "second_hand_reads_total",
        "Readings of chronyd since second-hand was started, failed ones included.",
        |own| given(own.reads),
    ),
    counter("second_hand_read_failures_total", "Readings of chronyd that gave no data.", |own| {
        given(own.failures)
    }),
    counter(
        "second_hand_clock_steps_total",
        "Steps of the clock of this machine by 10 ms or more that were seen since second-hand was started.",
        |own| given(own.steps),
    ),
    counter(
        "second_hand_chronyd_restarts_total",
        "Restarts of chronyd that were seen since second-hand was started.",
        |own| given(own.restarts),
    ),
    gauge(
        "second_hand_live_viewers",
        "How many pages and programs are kept up to date now.",
        |own| given(own.viewers),
    ),
    counter(
        "process_cpu_seconds_total",
        "Processor time that this process used, seconds.",
        |own| own.process.cpu.map(Into::into),
    ),
    gauge("process_resident_memory_bytes", "Memory that this process has in use, bytes.", |own| {
        own.process.resident.map(Into::into)
    }),
    gauge("process_virtual_memory_bytes", "Address space of this process, bytes.", |own| {
        own.process.virtual_.map(Into::into)
    }),
    gauge("process_open_fds", "Files that this process has open, sockets included.", |own| {
        own.process.open_files.map(Into::into)
    }),
    gauge("process_max_fds", "The most files that this process may have open.", |own| {
        own.process.most_files.map(Into::into)
    }),
    gauge(
        "process_start_time_seconds",
        "When this process was started, seconds since 1970.",
        |own| own.process.started.map(Into::into),
    ),
];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static super::family::Metric> {
    COLUMNS.iter().map(|column| &column.metric).collect()
}

impl Own {
    pub(super) fn tell(&self, page: &mut Page<'_>) {
        page.record(&COLUMNS, self);
    }
}
