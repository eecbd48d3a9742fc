//! The labels that name a source, the same in every report and never the same twice in one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use libchrony::{Snapshot, SourceAddress};

use super::family::Label;

/// The names of the sources, by address and by how many of this address stand before.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<(SourceAddress, u32), String>);

impl Names {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut names = HashMap::new();
        let mut seen = HashMap::new();
        for source in snapshot.sources.iter().flatten() {
            let before = count(&mut seen, source.address);
            if let Some(name) = &source.name {
                names.insert((source.address, before), name.clone());
            }
        }
        Self(names)
    }

    /// The name of the source with this address, where it has one.
    pub(super) fn name(&self, address: SourceAddress) -> Option<&str> {
        self.0.get(&(address, 0)).map(String::as_str)
    }

    /// The records of a report, each with its labels: `source_address` as chronyd writes it, and
    /// `source_name`, which is the address again where there is no other name. Two reference clocks may
    /// have the same ID: the second one is called `GPS-2`, as in the URLs.
    pub(super) fn label<'a, T>(
        &self,
        records: &'a [T],
        address: impl Fn(&T) -> SourceAddress,
    ) -> Vec<(Arc<[Label]>, &'a T)> {
        let mut seen = HashMap::new();
        let label = |record: &'a T| {
            let address = address(record);
            let before = count(&mut seen, address);
            let shown = match before {
                0 => address.to_string(),
                before => format!("{address}-{}", before + 1),
            };
            let name = self.0.get(&(address, before)).unwrap_or(&shown).clone();
            let labels: [Label; 2] =
                [("source_address", Cow::Owned(shown)), ("source_name", Cow::Owned(name))];
            (Arc::from(labels), record)
        };
        records.iter().map(label).collect()
    }
}

/// How many of this address were seen before.
fn count(seen: &mut HashMap<SourceAddress, u32>, address: SourceAddress) -> u32 {
    let number = seen.entry(address).or_default();
    *number += 1;
    *number - 1
}
