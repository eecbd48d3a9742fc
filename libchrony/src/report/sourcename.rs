//! The sourcename report: what each NTP source was configured as.

use crate::error::Error;
use crate::identity::SourceAddress;
use crate::reader::Reader;

/// The name of one NTP source, as `chronyc sourcename` reports it. Reference clocks have none.
///
/// From chronyd 4.0 on. The report is an extension of the bundled libchrony: upstream's 0.2 lacks it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SourceName {
    /// Address of the source; the key that joins reports.
    pub address: SourceAddress,
    /// The host name or address in chronyd's configuration, at most 256 bytes. It is text from
    /// outside: what is not UTF-8, control characters, and what changes the order of reading are each
    /// replaced by U+FFFD. Markup in it is not.
    pub name: String,
}

impl SourceName {
    pub(crate) fn decode(fields: &Reader<'_>, address: SourceAddress) -> Result<Self, Error> {
        let name = fields.text(c"name")?;
        let harmless = |c| if commands(c) { char::REPLACEMENT_CHARACTER } else { c };
        Ok(Self { address, name: name.chars().map(harmless).collect() })
    }

    /// The name, where it says more than the address.
    pub(crate) fn telling(self) -> Option<String> {
        let says_more = !self.name.is_empty() && self.name != self.address.to_string();
        says_more.then_some(self.name)
    }
}

/// What a terminal obeys, and what shows text in another order than it has.
fn commands(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_the_address_or_nothing_tells_nothing() {
        let named = |name: &str| {
            let address = SourceAddress::from_text("192.0.2.1").unwrap();
            SourceName { address, name: name.to_owned() }.telling()
        };
        assert_eq!(named("192.0.2.1"), None);
        assert_eq!(named(""), None);
        assert_eq!(named("time.example.net").as_deref(), Some("time.example.net"));
    }
}
