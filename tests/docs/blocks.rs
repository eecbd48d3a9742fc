//! The texts of the repository: their commands, in blocks and in sentences, and what these print.

use std::fs;
use std::path::{Path, PathBuf};

/// A command of a block, with the output that the text shows after it.
#[derive(Debug)]
pub(crate) struct Command {
    /// File and line.
    pub(crate) place: String,
    /// Without a prompt and without a comment.
    pub(crate) line: String,
    /// Where a block `text` follows its block at once, and it is the only command there.
    pub(crate) output: Option<String>,
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text that people read, by its path below the root: new ones are found by themselves. The list of
/// changes is left out, which tells of commands that were.
pub(crate) fn texts() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    let mut folders = vec![(root(), true)];
    while let Some((folder, top)) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                let ours =
                    !top || name == ".github" || !(name.starts_with('.') || name == "target");
                if ours && name != "target" {
                    folders.push((path, false));
                }
            } else if name.ends_with(".md") && name != "CHANGELOG.md" {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let named = |path: &PathBuf| path.strip_prefix(root()).unwrap_or(path).display().to_string();
    paths.iter().map(|path| (named(path), fs::read_to_string(path).unwrap())).collect()
}

/// A fenced block: its language, the line it begins on and its lines.
struct Block<'a> {
    language: &'a str,
    first: usize,
    last: usize,
    lines: Vec<(usize, &'a str)>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, open.take()) {
            (Some(language), None) => {
                open = Some(Block { language, first: number, last: number, lines: Vec::new() });
            }
            (Some(_), Some(block)) => found.push(Block { last: number, ..block }),
            (None, Some(mut block)) => {
                block.lines.push((number, line));
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

/// A line without what follows a ` #`, but in quotes.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (place, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, '#') if before.is_whitespace() => return line[..place].trim(),
            _ => {}
        }
        before = letter;
    }
    line.trim()
}

/// The commands of a block, with the lines they begin on; a `console` has them after a prompt.
fn commands_of(block: &Block<'_>) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for &(number, line) in &block.lines {
        let line = match (block.language, goes_on) {
            ("console", false) => match line.trim_start().strip_prefix("$ ") {
                Some(command) => command,
                None => continue,
            },
            _ => line,
        };
        let line = without_comment(line);
        let (line, more) =
            line.strip_suffix('\\').map_or((line, false), |part| (part.trim(), true));
        match found.last_mut() {
            Some((_, command)) if goes_on => *command = format!("{command} {line}"),
            _ if line.is_empty() => {}
            _ => found.push((number, line.to_owned())),
        }
        goes_on = more;
    }
    found
}

pub(crate) fn commands() -> Vec<Command> {
    let mut found = Vec::new();
    for (path, text) in texts() {
        let lines: Vec<_> = text.lines().collect();
        let blocks = blocks(&text);
        for (index, block) in blocks.iter().enumerate() {
            if !["sh", "bash", "shell", "console"].contains(&block.language) {
                continue;
            }
            let commands = commands_of(block);
            let next = blocks.get(index + 1).filter(|next| {
                let between = &lines[block.last..next.first - 1];
                next.language == "text" && between.iter().all(|line| line.trim().is_empty())
            });
            let output = next.filter(|_| commands.len() == 1).map(|next| {
                next.lines.iter().map(|(_, line)| line.trim()).collect::<Vec<_>>().join("\n")
            });
            for (number, line) in commands {
                found.push(Command {
                    place: format!("{path}:{number}"),
                    line,
                    output: output.clone(),
                });
            }
        }
    }
    assert!(found.len() > 10, "only {} commands are found", found.len());
    found
}

/// What stands between single backticks in sentences, with file and line.
pub(crate) fn spans(text: &str, path: &str) -> Vec<(String, String)> {
    let inside: Vec<_> = blocks(text).iter().map(|block| block.first..=block.last).collect();
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if !inside.iter().any(|block| block.contains(&number)) {
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.map(|span| (format!("{path}:{number}"), span.to_owned())));
        }
    }
    found
}

/// Whether a file or folder of the repository is there.
pub(crate) fn exists(path: &str) -> bool {
    root().join(Path::new(path)).exists()
}
