//! The static files embedded in the binary, by names that carry a hash of their content.

use std::collections::BTreeMap;

mod embedded {
    use super::Asset;
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

/// Where the static files are served.
const PREFIX: &str = "/static/";

/// A static file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its name in the source tree, without folders, as `page.css`.
    source: &'static str,
    /// Its name in URLs, as `page.1a2b3c4d.css`: other content, other name.
    pub(crate) name: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static [u8],
}

/// The asset of this name in URLs.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    embedded::ASSETS.iter().find(|asset| asset.name == name)
}

/// The URL of each asset by its name in the source tree.
pub(crate) fn urls() -> BTreeMap<&'static str, String> {
    let url = |asset: &Asset| (asset.source, format!("{PREFIX}{}", asset.name));
    embedded::ASSETS.iter().map(url).collect()
}
