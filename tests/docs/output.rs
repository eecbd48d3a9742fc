//! What a text shows as the output of a command, beside what the command prints.

/// Whether they say the same, but for what differs from run to run: numbers, their units, names of sources. A line
/// `…` of the text stands for any lines.
pub(crate) fn alike(shown: &str, printed: &str) -> bool {
    let plain = |text: &str| -> Vec<String> { text.trim().lines().map(without_numbers).collect() };
    let (shown, printed) = (plain(shown), plain(printed));
    let mut parts = shown.splitn(2, |line| line == "…");
    let head = parts.next().unwrap_or_default();
    match parts.next() {
        None => shown == printed,
        Some(tail) => {
            head.len() + tail.len() <= printed.len()
                && printed.starts_with(head)
                && printed.ends_with(tail)
        }
    }
}

/// Numbers and addresses as `#`, and the unit after one as nothing.
fn without_numbers(line: &str) -> String {
    const UNITS: [&str; 9] = ["ns", "µs", "us", "ms", "s", "m", "min", "h", "d"];
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let is_unit = UNITS.contains(&word.trim_end_matches(['.', ',', ';', ')']));
        if is_unit && words.last().is_some_and(|last| last.ends_with('#')) {
            continue;
        }
        let mut plain = String::new();
        for letter in without_name(word).chars() {
            match letter {
                '0'..='9' if plain.ends_with('#') => {}
                '0'..='9' => {
                    let sign = plain.ends_with(['+', '-', '−']).then(|| plain.pop());
                    // A range, not a sign.
                    if sign.is_some() && plain.ends_with(char::is_alphanumeric) {
                        plain.push('-');
                    }
                    plain.push('#');
                }
                '.' if plain.ends_with('#') => {}
                _ => plain.push(letter),
            }
        }
        words.push(plain);
    }
    words.join(" ")
}

/// A word, or `#` where it is a name or an address of a host.
fn without_name(word: &str) -> &str {
    let inner = word.trim_matches(['(', ')', '.', ',', ';']);
    let is_host = inner.contains('.') || inner.matches(':').count() > 1;
    if is_host && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b)) {
        "#"
    } else {
        word
    }
}
