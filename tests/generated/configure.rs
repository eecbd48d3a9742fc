//! docs/configure.md against the command line.

use std::collections::BTreeSet;
use std::fs;

/// The long options that a text names in code, as `--port PORT`.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
    let names = words.filter_map(|word| word.strip_prefix("--"));
    names.filter(|name| !name.starts_with('-')).map(str::to_owned).collect()
}

fn options(command: &clap::Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_long());
    own.filter(|long| !matches!(*long, "help" | "version")).map(str::to_owned).collect()
}

pub(crate) fn the_chapter_on_configuration_names_every_option_and_no_other() {
    let text = fs::read_to_string(super::root().join("docs/configure.md")).unwrap();
    let command = second_hand::command();
    for (title, command) in [
        ("## Serve", &command),
        ("## Check", command.find_subcommand("check").unwrap()),
        ("## Report", command.find_subcommand("report").unwrap()),
    ] {
        let section = text.split(title).nth(1).unwrap().split("\n## ").next().unwrap();
        // Of the rows the first column: the others speak of other options.
        let rows = section.lines().filter_map(|line| line.strip_prefix('|')?.split(" | ").next());
        let rows = rows.collect::<Vec<_>>().join("\n");
        assert_eq!(named(&rows), options(command), "{title}");
    }
}
