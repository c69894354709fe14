//! The stylesheet and the script of the pages.

use std::sync::LazyLock;

use bytes::Bytes;

/// A file that the pages use. It is a part of the program.
#[derive(Debug)]
pub(crate) struct Asset {
    /// The name, which contains a hash of the content. So a browser may keep the file for ever.
    pub(crate) name: String,
    pub(crate) media_type: &'static str,
    pub(crate) content: Bytes,
}

pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("css", "text/css; charset=utf-8", include_str!("desk.css")));

pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("js", "text/javascript; charset=utf-8", include_str!("desk.js")));

impl Asset {
    /// Browsers get the source without its indentation and without the lines that are comments. No comment and
    /// no text in the source goes over the end of a line, so what they get means the same.
    fn new(extension: &str, media_type: &'static str, source: &str) -> Self {
        let lines = source.lines().map(str::trim_start);
        let is_code =
            |line: &&str| !line.is_empty() && !line.starts_with("//") && !line.starts_with("/*");
        let content = lines.filter(is_code).collect::<Vec<_>>().join("\n");
        // FNV-1a, 64 bits: nobody but this project chooses the content.
        let hash = content.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let name = format!("desk-{hash:016x}.{extension}");
        Self { name, media_type, content: content.into() }
    }

    /// The file of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        [&*STYLE, &*SCRIPT].into_iter().find(|asset| asset.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_small_and_found_by_its_name() {
        for (asset, limit) in [(&*STYLE, 10_000), (&*SCRIPT, 15_000)] {
            assert!(
                asset.content.len() <= limit,
                "{} has {} bytes",
                asset.name,
                asset.content.len()
            );
            let text = std::str::from_utf8(&asset.content).unwrap_or_default();
            for mark in ["/*", "*/", "\n//", "\n\n", "\n ", "\n\t"] {
                assert!(!text.contains(mark), "{} contains {mark:?}", asset.name);
            }
            assert_eq!(Asset::named(&asset.name).map(|it| &*it.name), Some(&*asset.name));
        }
        assert!(Asset::named("desk.css").is_none());
    }
}
