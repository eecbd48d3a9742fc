//! Names and the hashes of their passwords, as `htpasswd -B` writes them: lines of NAME:HASH.

use std::collections::BTreeMap;
use std::str::FromStr;

use bcrypt::HashParts;

/// The costs that may be asked for: each more doubles the time, which is 2 s or so for the highest.
const COSTS: std::ops::RangeInclusive<u32> = 4..=15;
const LONGEST_NAME: usize = 255;

/// The names; at least one.
pub(super) struct Names {
    hashes: BTreeMap<String, String>,
    /// The hash of the highest cost.
    decoy: String,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} names", self.hashes.len())
    }
}

impl Names {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut hashes = BTreeMap::new();
        let mut decoy = (0, String::new());
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let faulty = |what: String| format!("line {number}: {what}");
            let (name, hash) = line
                .split_once(':')
                .filter(|(name, _)| !name.is_empty() && name.len() <= LONGEST_NAME)
                .ok_or_else(|| faulty("must be NAME:HASH, as htpasswd -B writes it".to_owned()))?;
            let cost = cost(hash).ok_or_else(|| {
                faulty(format!(
                    "the hash of {name:?} is none of bcrypt ($2y$, $2b$ or $2a$); make it with htpasswd -B"
                ))
            })?;
            if !COSTS.contains(&cost) {
                let (low, high) = COSTS.into_inner();
                return Err(faulty(format!(
                    "the hash of {name:?} has the cost {cost}; allowed are {low} to {high}"
                )));
            }
            if cost > decoy.0 {
                decoy = (cost, hash.to_owned());
            }
            if hashes.insert(name.to_owned(), hash.to_owned()).is_some() {
                return Err(faulty(format!("the name {name:?} stands here for the second time")));
            }
        }
        if hashes.is_empty() {
            return Err("it holds no name; add one with htpasswd -B".to_owned());
        }
        Ok(Self { hashes, decoy: decoy.1 })
    }

    pub(super) fn hash_of(&self, name: &str) -> Option<&str> {
        self.hashes.get(name).map(String::as_str)
    }

    /// What the passwords of unknown names are compared with, so that it takes as long.
    pub(super) fn decoy(&self) -> &str {
        &self.decoy
    }
}

fn cost(hash: &str) -> Option<u32> {
    let is_known = ["$2y$", "$2b$", "$2a$"].iter().any(|kind| hash.starts_with(kind));
    // A length of its own: what reads it looks at places in it.
    let is_shaped = is_known && hash.len() == 60 && hash.is_ascii();
    is_shaped.then(|| HashParts::from_str(hash).ok()).flatten().map(|parts| parts.get_cost())
}

#[cfg(test)]
mod tests {
    use super::*;

    // "word", by htpasswd -nbB -C 4.
    const FOUR: &str = "$2y$04$P1l4YjvDNaif0Fyjm9EaHuBG8EXjwal5QDVNHUj7f00AhVg3oOiz2";

    #[test]
    fn names_are_found_and_comments_are_not() {
        let five = FOUR.replace("$04$", "$05$").replace("$2y$", "$2b$");
        let names = Names::parse(&format!("# people\n\nann:{FOUR}\r\n b b :{five}\n")).unwrap();
        assert_eq!(names.hash_of("ann"), Some(FOUR));
        assert_eq!(names.hash_of("b b "), Some(five.as_str()));
        assert_eq!((names.hash_of("# people"), names.hash_of("")), (None, None));
        assert_eq!(names.decoy(), five);
    }

    #[test]
    fn what_is_no_file_of_bcrypt_names_the_line_and_what_to_do_but_no_hash() {
        let twice = format!("ann:{FOUR}\nann:{FOUR}");
        let costly = format!("ann:{}", FOUR.replace("$04$", "$31$"));
        let short = format!("ann:{}", &FOUR[..59]);
        let other = format!("ann:{}", FOUR.replace("$2y$", "$2x$"));
        let wide = format!("ann:{}é", &FOUR[..58]);
        for (text, what) in [
            ("", "holds no name"),
            ("# ann\n", "holds no name"),
            ("ann", "line 1: must be NAME:HASH"),
            (":x", "line 1: must be NAME:HASH"),
            ("\nann:word", "line 2: the hash of \"ann\" is none of bcrypt"),
            ("ann:$apr1$abc$def", "make it with htpasswd -B"),
            ("ann:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", "none of bcrypt"),
            (&short, "none of bcrypt"),
            (&other, "none of bcrypt"),
            (&wide, "none of bcrypt"),
            (&costly, "the cost 31; allowed are 4 to 15"),
            (&twice, "line 2: the name \"ann\" stands here for the second time"),
        ] {
            let problem = Names::parse(text).unwrap_err();
            assert!(problem.contains(what), "{text}: {problem}");
            assert!(!problem.contains("VBPu") && !problem.contains("P1l4"), "{problem}");
        }
    }
}
