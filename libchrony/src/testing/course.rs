//! How a scenario goes on in time.

use std::borrow::Cow;
use std::time::Duration;

use super::scenario::Scenario;

/// What a simulated chronyd says at each moment: a [`Scenario`], or a function of the time since it began.
///
/// ```
/// use libchrony::testing::{Scenario, Simulator};
/// # fn main() -> std::io::Result<()> {
/// let steady = Simulator::start_udp(Scenario::synchronized())?;
/// let moving = Simulator::start_udp(Scenario::drifting)?;
/// let flapping = Simulator::start_udp(|since: std::time::Duration| match since.as_secs() % 2 {
///     0 => Scenario::synchronized(),
///     _ => Scenario::only_unreachable(),
/// })?;
/// # Ok(())
/// # }
/// ```
pub trait Course: Send + Sync + 'static {
    /// What is said so long after this course was set.
    fn at(&self, since: Duration) -> Cow<'_, Scenario>;
}

impl Course for Scenario {
    fn at(&self, _: Duration) -> Cow<'_, Scenario> {
        Cow::Borrowed(self)
    }
}

impl<F> Course for F
where
    F: Fn(Duration) -> Scenario + Send + Sync + 'static,
{
    fn at(&self, since: Duration) -> Cow<'_, Scenario> {
        Cow::Owned(self(since))
    }
}
