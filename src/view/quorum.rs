//! Whether as many sources answer as must.

use libchrony::{Snapshot, Source};

use crate::view::figure::Health;
use crate::view::format;
use crate::view::threshold::Limits;

/// The sources that answer, held against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quorum {
    /// So many answer.
    Counted { answering: usize, least: u32 },
    /// chronyd does not give the sources here.
    Hidden { least: u32 },
}

impl Quorum {
    /// `None` where there is no limit.
    pub(crate) fn of(snapshot: &Snapshot, limits: &Limits) -> Option<Self> {
        let least = limits.min_sources?;
        Some(match snapshot.sources.as_deref() {
            Some(sources) => Self::Counted { answering: answering(sources), least },
            None => Self::Hidden { least },
        })
    }

    pub(crate) fn health(self) -> Health {
        match self {
            Self::Counted { answering, least } if is_below(answering, least) => Health::Bad,
            Self::Counted { .. } => Health::Good,
            // What cannot be counted is not passed over in silence.
            Self::Hidden { .. } => Health::Warning,
        }
    }

    pub(crate) fn reason(self) -> String {
        let sources = |number| format::counted(number, "source answers", "sources answer");
        match self {
            Self::Counted { answering, least } if is_below(answering, least) => {
                format!("Only {}, below the limit, {least}.", sources(answering))
            }
            Self::Counted { answering, least } => {
                format!("{}, not below the limit, {least}.", sources(answering))
            }
            Self::Hidden { least } => format!(
                "Whether {least} of the sources answer is not known: chronyd does not give the sources here."
            ),
        }
    }
}

/// How many sources answer.
pub(crate) fn answering(sources: &[Source]) -> usize {
    sources.iter().filter(|source| source.is_reachable()).count()
}

fn is_below(answering: usize, least: u32) -> bool {
    u32::try_from(answering).is_ok_and(|answering| answering < least)
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Scenario;

    use super::*;
    use crate::view::samples::read;

    #[test]
    fn the_number_is_held_against_the_limit_and_said() {
        let mut snapshot = read(Scenario::synchronized());
        let least = |least| Limits { min_sources: Some(least), ..Limits::PAGE };
        assert_eq!(Quorum::of(&snapshot, &Limits::PAGE), None);
        let of = |snapshot: &Snapshot, limit| {
            let quorum = Quorum::of(snapshot, &least(limit)).unwrap();
            (quorum.health(), quorum.reason())
        };
        for (limit, health, reason) in [
            (3, Health::Good, "3 sources answer, not below the limit, 3."),
            (4, Health::Bad, "Only 3 sources answer, below the limit, 4."),
        ] {
            assert_eq!(of(&snapshot, limit), (health, reason.to_owned()));
        }
        snapshot.sources = None;
        assert_eq!(of(&snapshot, 1).0, Health::Warning);
    }
}
