//! Providers on the command line, and their keys, which never stand there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wpc_proxy::{Secret, Upstream};

use crate::failure::Failure;
use crate::input;

/// Longest accepted key of a provider, in bytes.
const MAX_KEY_BYTES: usize = 4_096;

/// Where a key is.
pub(super) enum KeyPlace {
    File(PathBuf),
    Variable(String),
}

impl KeyPlace {
    /// The file, if it is one.
    pub(super) const fn file(&self) -> Option<&PathBuf> {
        if let Self::File(file) = self { Some(file) } else { None }
    }

    fn read(&self) -> Result<Secret, Failure> {
        let text = match self {
            Self::File(file) => {
                let bytes = input::bytes(file, "provider's key", MAX_KEY_BYTES)?;
                String::from_utf8(bytes).map_err(|_| {
                    Failure::no("upstream_key", "the provider's key is no text")
                        .file(file)
                        .help("write the key alone")
                })?
            }
            Self::Variable(name) => std::env::var(name).map_err(|_| {
                Failure::environment("upstream_key", format!("the variable {name} is not set, or no text"))
                    .help("set it, or give a file")
            })?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(
                Failure::no("upstream_key", "the provider's key is empty").help("write the key alone")
            );
        }
        Ok(Secret::new(text))
    }
}

/// Reads `PROVIDER=FILE` and `PROVIDER=env:NAME`.
pub(super) fn keys(given: &[String]) -> Result<BTreeMap<String, KeyPlace>, Failure> {
    let place = |text: &str| match text.strip_prefix("env:") {
        Some(name) => KeyPlace::Variable(name.to_owned()),
        None => KeyPlace::File(PathBuf::from(text)),
    };
    pairs(given, "--upstream-key")
        .map(|pairs| pairs.into_iter().map(|(name, text)| (name.to_owned(), place(text))).collect())
}

/// Reads `PROVIDER=URL`.
pub(super) fn read(
    given: &[String],
    keys: &BTreeMap<String, KeyPlace>,
) -> Result<BTreeMap<String, Upstream>, Failure> {
    let upstreams = pairs(given, "--upstream")?;
    if let Some(lost) = keys.keys().find(|name| !upstreams.contains_key(name.as_str())) {
        return Err(Failure::environment(
            "usage",
            format!("there is a key for `{lost}`, and no such provider"),
        )
        .help(format!("give `--upstream {lost}=URL`")));
    }
    upstreams
        .into_iter()
        .map(|(name, url)| {
            let key = keys.get(name).map(KeyPlace::read).transpose()?;
            Ok((name.to_owned(), Upstream { url: url.to_owned(), key }))
        })
        .collect()
}

fn pairs<'g>(given: &'g [String], option: &str) -> Result<BTreeMap<&'g str, &'g str>, Failure> {
    let mut pairs = BTreeMap::new();
    for text in given {
        let wrong = |what: &str| {
            Failure::environment("usage", format!("`{option}` {what}"))
                .help(format!("write `{option} PROVIDER=…` once for each"))
        };
        let (name, value) = text.split_once('=').ok_or_else(|| wrong("is no PROVIDER=…"))?;
        if name.is_empty() || value.is_empty() {
            return Err(wrong("has an empty part"));
        }
        if pairs.insert(name, value).is_some() {
            return Err(wrong(&format!("names `{name}` twice")));
        }
    }
    Ok(pairs)
}
