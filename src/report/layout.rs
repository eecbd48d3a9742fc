//! Texts in columns, by the width they have in a terminal.

use unicode_width::UnicodeWidthStr;

use crate::error::shown;

/// Between two columns.
pub(super) const GAP: &str = "  ";
/// What parts the digits of long numbers, which is no letter to the standard library.
const NARROW_SPACE: char = '\u{202f}';
/// A text is never wrapped in less.
pub(super) const NARROWEST: usize = 16;

/// A text that no terminal obeys.
pub(super) fn safe(text: &str) -> String {
    let parts: Vec<_> = text.split(NARROW_SPACE).map(shown).collect();
    parts.join(&NARROW_SPACE.to_string())
}

/// The cells of a terminal's line that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// So many spaces as a text lacks to this width.
pub(super) fn padding(text: &str, to: usize) -> String {
    " ".repeat(to.saturating_sub(width(text)))
}

/// A text in lines of at most this width, broken at spaces; one line where there is no limit.
pub(super) fn wrapped(text: &str, limit: Option<usize>) -> Vec<String> {
    let Some(limit) = limit.map(|limit| limit.max(NARROWEST)) else { return vec![text.to_owned()] };
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= limit {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Which columns stand beside each other where not all of them fit: in every part the key, which says what
/// a row is about, and as many others as there is room for.
pub(super) fn parts(widths: &[usize], key: usize, limit: Option<usize>) -> Vec<Vec<usize>> {
    let Some(limit) = limit else { return vec![(0..widths.len()).collect()] };
    let of = |column: &usize| widths.get(*column).copied().unwrap_or_default();
    let wide = |part: &[usize]| {
        part.iter().map(of).sum::<usize>() + GAP.len() * part.len().saturating_sub(1)
    };
    let mut parts = vec![Vec::new()];
    for column in 0..widths.len() {
        let Some(part) = parts.last_mut() else { break };
        part.push(column);
        let has_more = part.iter().any(|other| *other != key && *other != column);
        if wide(part) > limit && has_more && column != key {
            part.pop();
            parts.push(vec![key, column]);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_counted_in_cells_and_not_in_letters() {
        for (text, cells) in [("abc", 3), ("±\u{202f}5 µs", 6), ("\u{2212}1", 2), ("時計", 4)] {
            assert_eq!(width(text), cells, "{text}");
            assert_eq!(padding(text, 8).len(), 8 - cells, "{text}");
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_long_numbers_stay() {
        assert_eq!(safe("a\u{1b}[2Jb\u{202e}c\n"), r"a\u{1b}[2Jb\u{202e}c\n");
        assert_eq!(safe("1\u{202f}234\u{202f}567"), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn a_text_is_broken_at_spaces_and_only_where_there_is_a_limit() {
        let text = "no samples of this source have come yet";
        assert_eq!(wrapped(text, None), [text]);
        let lines = wrapped(text, Some(20));
        assert_eq!(lines, ["no samples of this", "source have come yet"]);
        assert_eq!(wrapped("", Some(20)), [""]);
        // A word is never broken.
        assert_eq!(wrapped("a_word_of_more_than_16_letters b", Some(1)).len(), 2);
    }

    #[test]
    fn columns_that_do_not_fit_stand_below_and_the_key_with_them() {
        let widths = [3, 9, 5, 5, 5, 40];
        assert_eq!(parts(&widths, 1, None), [[0, 1, 2, 3, 4, 5]]);
        assert_eq!(parts(&widths, 1, Some(200)), [[0, 1, 2, 3, 4, 5]]);
        let some = parts(&widths, 1, Some(28));
        assert_eq!(some, [vec![0, 1, 2, 3], vec![1, 4], vec![1, 5]]);
        // However narrow, each column stands once.
        for limit in 0..60 {
            let parts = parts(&widths, 1, Some(limit));
            let mut columns: Vec<_> = parts.concat();
            assert!(parts.iter().all(|part| part.contains(&1)), "{limit}: {parts:?}");
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), widths.len(), "{limit}: {parts:?}");
        }
    }
}
