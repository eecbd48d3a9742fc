//! One labelled value with what a reader needs to judge it.

use serde::{Serialize, Serializer};

use crate::view::format::{self, Age, Moment};
use crate::view::threshold::Threshold;

/// How a value stands to what is normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    /// There is no value.
    Missing,
    /// There is nothing to judge.
    Plain,
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong.
    Bad,
}

impl Health {
    /// The class in CSS.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// What is said beside a value that is not as it should be.
    pub(crate) const fn word(self) -> Option<&'static str> {
        match self {
            Self::Warning => Some("warning"),
            Self::Bad => Some("bad"),
            _ => None,
        }
    }
}

/// A class, and a word where colour alone would tell.
impl Serialize for Health {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Words {
            class: &'static str,
            word: Option<&'static str>,
        }
        Words { class: self.class(), word: self.word() }.serialize(s)
    }
}

/// A labelled value: what it says, how it stands, what it means.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// The name of the field, for anchors and classes.
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    /// The value with its unit.
    pub(crate) value: String,
    /// The value as a point in time, where it is one.
    pub(crate) moment: Option<Moment>,
    /// The value's whole seconds, where it is an age that counts on.
    pub(crate) age: Option<String>,
    /// What stands beside the value, as `slow`.
    pub(crate) note: Option<String>,
    pub(crate) health: Health,
    /// What the value means, in a sentence or two.
    pub(crate) meaning: &'static str,
    /// What is normal.
    pub(crate) normal: Option<String>,
}

impl Figure {
    /// A value that is not judged.
    pub(crate) fn new(
        name: &'static str,
        label: &'static str,
        value: impl Into<String>,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            label,
            value: value.into(),
            moment: None,
            age: None,
            note: None,
            health: Health::Plain,
            meaning,
            normal: None,
        }
    }

    /// Adds what stands beside the value.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Adds what stands beside the value, where anything does.
    pub(crate) fn note_of(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }

    /// Judges the number behind the value, and says what is normal.
    pub(crate) fn judged(mut self, number: f64, threshold: Threshold) -> Self {
        self.health = threshold.judge(number);
        self.normal = Some(threshold.normal());
        self
    }

    /// Sets what was judged otherwise.
    pub(crate) fn health(mut self, health: Health) -> Self {
        self.health = health;
        self
    }

    /// Says what is normal.
    pub(crate) fn normal(mut self, normal: impl Into<String>) -> Self {
        self.normal = Some(normal.into());
        self
    }

    /// Gives the value, or what stands beside it, as a point in time too.
    pub(crate) fn moment(mut self, moment: Moment) -> Self {
        self.moment = Some(moment);
        self
    }

    /// Lets the value, an age given in seconds, count on while the page is open.
    pub(crate) fn counting(mut self, seconds: f64) -> Self {
        self.age = format::aged(Some(seconds)).seconds;
        self
    }

    /// Lets the value, the text of this age, count on likewise.
    pub(crate) fn aged(mut self, age: &Age) -> Self {
        self.age.clone_from(&age.seconds);
        self
    }

    /// The same label without a value.
    pub(crate) fn missing(mut self) -> Self {
        self.value = "no data".to_owned();
        self.health = Health::Missing;
        self.moment = None;
        self.age = None;
        self.note = None;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::threshold;

    #[test]
    fn colour_never_stands_alone() {
        for health in [Health::Warning, Health::Bad] {
            assert!(health.word().is_some());
        }
        assert_eq!(Health::Good.word(), None);
    }

    #[test]
    fn colour_and_words_come_from_the_same_limits() {
        let figure = Figure::new("offset", "Offset", "+11 ms", "").judged(0.011, threshold::OFFSET);
        assert_eq!(figure.health, Health::Warning);
        assert_eq!(figure.normal, Some(threshold::OFFSET.normal()));
    }

    #[test]
    fn a_missing_value_says_so_and_shows_nothing_else() {
        let figure = Figure::new("offset", "Offset", "+1 ms", "").note("slow").missing();
        assert_eq!((figure.value.as_str(), figure.note), ("no data", None));
        assert_eq!(figure.health.class(), "missing");
    }
}
