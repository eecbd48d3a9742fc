//! The header is C and C++, and what is compiled against it links.
#![cfg(bundled)]

mod support;

use support::library::{Library, has};

const PROGRAM: &str = r#"
#include "chrony.h"
#include <stdio.h>

int main(void)
{
  chrony_session *session;

  if (chrony_init_session(&session, -1) != CHRONY_OK)
    return 1;
  chrony_deinit_session(session);
  return puts(chrony_get_error_string(CHRONY_INVALID_RESPONSE)) < 0;
}
"#;

/// Compiles and runs the program in each of these versions of a language.
fn compile(compiler: &str, file: &str, standards: &[&str]) {
    let Some(library) = Library::build() else { return };
    if !has(compiler) {
        return;
    }
    library.write(file, PROGRAM);
    for standard in standards {
        let warnings = ["-Wall", "-Wextra", "-pedantic", "-Werror"];
        let files = [file, "libchrony.so.0", "-o", "program"];
        library.run(compiler, &[&[*standard], &warnings[..], &files].concat());
        let program = library.path().join("program");
        let printed = library.run(program.to_str().expect("an ASCII path"), &[]);
        assert_eq!(printed, "Invalid response\n");
    }
}

#[test]
fn cpp_programs_compile_and_link() {
    compile("c++", "program.cc", &["-std=c++11", "-std=c++17"]);
}

#[test]
fn c_programs_compile_and_link() {
    compile("cc", "program.c", &["-std=c99", "-std=c11"]);
}

#[test]
fn the_header_may_be_included_twice_and_needs_no_other() {
    let Some(library) = Library::build() else { return };
    let text = "#include \"chrony.h\"\n#include \"chrony.h\"\nstruct timespec now;\n";
    library.write("alone.c", text);
    library.run("cc", &["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "alone.c"]);
}
