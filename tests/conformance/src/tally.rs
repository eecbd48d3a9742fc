//! What was compared, and which differences were seen.

use std::collections::BTreeMap;

macro_rules! rows {
    ($($row:ident: $what:literal;)*) => {
        /// A row of the list of upstream's defects that can be seen through the API, and what is added to it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Row { $($row),* }

        impl Row {
            pub(crate) const ALL: &[Self] = &[$(Self::$row),*];

            /// What differs, in a line.
            pub(crate) fn what(self) -> &'static str {
                match self { $(Self::$row => $what),* }
            }
        }
    };
}

rows! {
    U1: "the report's name may change once the request is made; upstream reads it again later";
    U2: "each session has its own text; upstream formats addresses into one buffer for all";
    U3: "poll of sources keeps its sign; upstream reads -2 as 65534";
    U4: "what is no float is NaN; upstream gives 0";
    U5: "ntpdata's flag 4 is testB and 2 testC; upstream exchanges the names";
    U6: "a count is only a count; upstream goes on with an abandoned authdata or ntpdata";
    U7: "a refused request leaves the pending one whole; upstream drops its second step";
    U8: "only sockets that open made are removed; upstream removes any bound socket and its directories";
    U9: "more than INT_MAX records are an invalid response; upstream gives a negative number";
    U10: "a session holds no descriptor; upstream's holds one, whose numbers a forked child repeats";
    U11: "sockets are close-on-exec; upstream's are not";
    U12: "a server of another protocol version is named; upstream ignores its answer";
    U13: "only the API is exported; upstream exports internal functions too";
    U14: "ports are 1 to 65535, and [::1] and zones are understood; upstream takes any port text";
    U15: "times lose the mark for no high part, and nanoseconds stay below a second; upstream's do not";
    U16: "an address is looked up in sources where sourcestats is refused, and only known families are asked for";
    U17: "ntpdata of another source than the one asked for is refused; upstream takes it";
    U18: "a negative record is refused at once; upstream asks for it";
    U19: "NULL is an error; upstream crashes";
    U20: "the end of a connection is an error; upstream goes on waiting";
    U25: "select states L and r and AEAD algorithms 16, 17 and 31 have names; upstream has none";
    More: "sourcename and clients come after the ten reports; upstream has the ten alone";
    Once: "an address that was looked up serves the other reports of its source, too; upstream looks it up for each";
    U26: "no record stays after a second request that could not be sent; upstream shows sourcestats";
}

/// How many unlisted differences are told in full.
const TOLD: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) conversations: u64,
    pub(crate) steps: u64,
    rows: BTreeMap<Row, u64>,
    unlisted: usize,
}

impl Tally {
    pub(crate) fn count(&mut self, row: Row) {
        *self.rows.entry(row).or_default() += 1;
    }

    pub(crate) fn unlisted(&mut self, description: impl FnOnce() -> String) {
        self.unlisted += 1;
        if self.unlisted <= TOLD {
            eprintln!("UNLISTED {}", description());
        }
    }

    /// Whether every difference so far is listed.
    pub(crate) fn is_listed(&self) -> bool {
        self.unlisted == 0
    }

    /// Prints the summary; whether every difference is listed and every listed one was seen.
    pub(crate) fn conclude(&self) -> bool {
        println!("conformance: {} conversations of {} steps", self.conversations, self.steps);
        let mut unseen = 0;
        for row in Row::ALL {
            if let Some(number) = self.rows.get(row) {
                println!("  {row:?} seen {number} times: {}", row.what());
            } else {
                unseen += 1;
                println!("  {row:?} NOT SEEN, so it must leave the list: {}", row.what());
            }
        }
        println!("conformance: {} differences that are not listed", self.unlisted);
        unseen == 0 && self.unlisted == 0
    }
}
