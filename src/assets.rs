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
    /// The same, compressed with gzip.
    pub(crate) gzip: &'static [u8],
}

/// The asset of this name in URLs.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    embedded::ASSETS.iter().find(|asset| asset.name == name)
}

/// The asset at this path.
pub(crate) fn at(path: &str) -> Option<&'static Asset> {
    find(path.strip_prefix(PREFIX)?)
}

/// The URL of each asset by its name in the source tree, on a site below this path.
pub(crate) fn urls(base: &str) -> BTreeMap<&'static str, String> {
    let url = |asset: &Asset| (asset.source, format!("{base}{PREFIX}{}", asset.name));
    embedded::ASSETS.iter().map(url).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_url_leads_to_its_asset_and_carries_a_hash() {
        let urls = urls("");
        assert!(urls.contains_key("page.css") && urls.contains_key("favicon.svg"));
        for (source, url) in urls {
            let name = url.strip_prefix(PREFIX).unwrap();
            let asset = find(name).unwrap();
            assert_eq!(asset.source, source);
            let (stem, extension) = source.rsplit_once('.').unwrap();
            let hash = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension));
            let hash = hash.unwrap().trim_matches('.');
            assert!(hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
            assert!(!asset.body.is_empty() && asset.content_type.contains('/'));
        }
    }

    #[test]
    fn a_name_without_its_hash_is_not_found() {
        for name in ["page.css", "", "../page.css", "page.00000000.css"] {
            assert!(find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn sums_of_lengths_keep_the_spaces_they_need() {
        for asset in embedded::ASSETS.iter().filter(|asset| asset.source.ends_with(".css")) {
            let text = std::str::from_utf8(asset.body).unwrap();
            for unit in ["em", "%", "px", "vw", "ch"] {
                assert!(!text.contains(&format!("{unit}+")), "{}: {unit}+", asset.name);
            }
        }
    }

    #[test]
    fn no_asset_asks_anything_of_another_host() {
        for asset in embedded::ASSETS {
            let text = std::str::from_utf8(asset.body).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for foreign in ["http:", "https:", "//fonts", "@import", "url("] {
                assert!(!text.contains(foreign), "{}: {foreign}", asset.name);
            }
        }
    }

    /// The custom properties of a colour scheme, as red, green and blue.
    fn colours(css: &str) -> BTreeMap<&str, [f64; 3]> {
        let declared = css.split(['{', '}', ';', '\n']).filter_map(|text| text.split_once(":#"));
        declared
            .map(|(name, value)| {
                let value = u32::from_str_radix(value, 16).unwrap();
                let [_, red, green, blue] = value.to_be_bytes();
                (name, [red, green, blue].map(|part| f64::from(part) / 255.0))
            })
            .collect()
    }

    /// The contrast ratio of WCAG 2.2.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let [red, green, blue] = colour.map(|part| match part {
                part if part <= 0.04045 => part / 12.92,
                part => ((part + 0.055) / 1.055).powf(2.4),
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_has_enough_contrast_in_both_colour_schemes() {
        let name = &urls("")["theme.css"];
        let theme = find(name.strip_prefix(PREFIX).unwrap()).unwrap();
        let css = std::str::from_utf8(theme.body).unwrap();
        let (light, dark) = css.split_once("@media (prefers-color-scheme:dark)").unwrap();
        let papers = ["good", "warning", "bad", "unknown"];
        let mut pairs = vec![("--ink", "--code"), ("--link", "--code")];
        for paper in ["--paper", "--card"] {
            pairs.extend(["--ink", "--quiet", "--link"].map(|ink| (ink, paper)));
        }
        pairs.extend(["--good", "--warning", "--bad"].map(|ink| (ink, "--card")));
        let tones = papers.map(|tone| (format!("--{tone}"), format!("--{tone}-paper")));
        for (tone, paper) in &tones {
            pairs.push((tone, paper));
            pairs.extend(
                ["--ink", "--quiet", "--link", "--warning", "--bad"]
                    .map(|ink| (ink, paper.as_str())),
            );
        }
        for scheme in [light, dark].map(colours) {
            for (ink, paper) in &pairs {
                let ratio = contrast(scheme[ink], scheme[paper]);
                assert!(ratio >= 4.5, "{ink} on {paper}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn lines_have_enough_contrast_in_both_colour_schemes() {
        let both = |name: &str| {
            let asset = find(urls("")[name].strip_prefix(PREFIX).unwrap()).unwrap();
            let css = std::str::from_utf8(asset.body).unwrap();
            let (light, dark) = css.split_once("@media (prefers-color-scheme:dark)").unwrap();
            [light, dark].map(colours)
        };
        for (theme, charts) in both("theme.css").iter().zip(both("charts.css")) {
            for line in ["--s1", "--s2", "--s3", "--s4", "--s5", "--s6", "--s7", "--s8"] {
                for ground in [theme["--card"], charts["--nodata"]] {
                    let ratio = contrast(charts[line], ground);
                    assert!(ratio >= 3.0, "{line}: {ratio:.2}");
                }
            }
        }
    }
}
