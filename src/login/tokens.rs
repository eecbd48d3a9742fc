//! Bearer tokens, one a line.

use super::secret::Secret;

const SHORTEST: usize = 16;
const LONGEST: usize = 512;

/// The tokens; at least one.
pub(super) struct Tokens(Vec<String>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} tokens", self.0.len())
    }
}

impl Tokens {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_plain = line.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_plain || !(SHORTEST..=LONGEST).contains(&line.len()) {
                return Err(format!(
                    "line {number}: a token has {SHORTEST} to {LONGEST} letters, digits and signs without spaces; make one with openssl rand -hex 32"
                ));
            }
            tokens.push(line.to_owned());
        }
        if tokens.is_empty() {
            return Err("it holds no token; make one with openssl rand -hex 32".to_owned());
        }
        Ok(Self(tokens))
    }

    /// Whether a token is one of them; how long this takes tells nothing of them.
    pub(super) fn know(&self, secret: &Secret, token: &[u8]) -> bool {
        let given = secret.digest(&[token]);
        self.0.iter().fold(false, |found, own| found | (secret.digest(&[own.as_bytes()]) == given))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_tokens_are_known_and_nothing_else() {
        let tokens = Tokens::parse("# scraper\n0123456789abcdef\n\n  another-token-of-mine\r\n");
        let (tokens, secret) = (tokens.unwrap(), Secret::new().unwrap());
        for known in ["0123456789abcdef", "another-token-of-mine"] {
            assert!(tokens.know(&secret, known.as_bytes()), "{known}");
        }
        for unknown in ["", "# scraper", "0123456789abcde", "0123456789abcdefg", "0123456789ABCDEF"]
        {
            assert!(!tokens.know(&secret, unknown.as_bytes()), "{unknown}");
        }
        assert_eq!(format!("{tokens:?}"), "2 tokens");
    }

    #[test]
    fn what_is_no_file_of_tokens_names_the_line_and_what_to_do_but_no_token() {
        let long = "a".repeat(513);
        for (text, what) in [
            ("", "holds no token"),
            ("\n# none\n", "holds no token"),
            ("0123456789abcde", "line 1: a token has 16 to 512"),
            ("0123456789abcdef\ntwo words in one token", "line 2"),
            ("0123456789abcdéf", "line 1"),
            (&long, "line 1"),
        ] {
            let problem = Tokens::parse(text).unwrap_err();
            assert!(problem.contains(what) && problem.contains("openssl rand"), "{problem}");
            assert!(!problem.contains("0123") && !problem.contains("aaa"), "{problem}");
        }
    }
}
