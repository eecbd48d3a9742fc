//! Embeds templates/ and static/ into the binary; static files get names that carry their content's hash,
//! and a compressed form beside the plain one.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=static");
    fs::write(out.join("templates.rs"), templates(&root.join("templates"))?)?;
    fs::write(out.join("assets.rs"), assets(&root.join("static"), &out)?)?;
    Ok(())
}

/// End tags that HTML lets out: of cells and rows, and of what a list holds.
const NEEDLESS: [&str; 8] =
    ["</td>", "</th>", "</tr>", "</thead>", "</tbody>", "</li>", "</dt>", "</dd>"];

/// The templates by their paths below `root`, as Rust, without tags that say nothing.
fn templates(root: &Path) -> Result<String, Box<dyn Error>> {
    let mut code = String::from("pub(super) const TEMPLATES: &[(&str, &str)] = &[\n");
    for path in files(root)? {
        let name = path.strip_prefix(root)?.to_str().ok_or("a template's path is not UTF-8")?;
        let text = fs::read_to_string(&path)?;
        let text = NEEDLESS.iter().fold(text, |text, tag| text.replace(tag, ""));
        writeln!(code, "    ({name:?}, {text:?}),")?;
    }
    code.push_str("];\n");
    Ok(code)
}

/// The static files by their hashed names, as Rust; their compressed forms are written to `out`.
fn assets(root: &Path, out: &Path) -> Result<String, Box<dyn Error>> {
    let mut code = String::from("pub(super) const ASSETS: &[Asset] = &[\n");
    for path in files(root)? {
        let (source, name, content_type) = named(&path)?;
        let packed = out.join(format!("{name}.gz"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let body = out.join(&name);
        fs::write(&body, lean(&path)?)?;
        encoder.write_all(&fs::read(&body)?)?;
        fs::write(&packed, encoder.finish()?)?;
        writeln!(
            code,
            "    Asset {{ source: {source:?}, name: {name:?}, content_type: {content_type:?}, \
             body: include_bytes!({body:?}), gzip: include_bytes!({packed:?}) }},"
        )?;
    }
    code.push_str("];\n");
    Ok(code)
}

/// A static file as it is sent: style and script without what only people need.
fn lean(path: &Path) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("css") => minifier::css::minify(&text)
            .map_err(|problem| format!("{}: {problem}", path.display()))?
            .to_string(),
        Some("js") => minifier::js::minify(&text).to_string(),
        _ => text,
    })
}

/// A static file's own name, its hashed name, and its content type.
fn named(path: &Path) -> Result<(String, String, &'static str), Box<dyn Error>> {
    let part =
        |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).map(str::to_owned);
    let stem = part(path.file_stem()).ok_or("a static file without a name")?;
    let extension = part(path.extension()).ok_or("a static file without an extension")?;
    let content_type = match extension.as_str() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        other => return Err(format!("{}: no content type for .{other}", path.display()).into()),
    };
    let digest = Sha256::digest(lean(path)?);
    let hash = digest.iter().take(4).fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    Ok((format!("{stem}.{extension}"), format!("{stem}.{hash}.{extension}"), content_type))
}

/// Every file below `folder`, sorted, so that a build depends on nothing else.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if !hidden {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
