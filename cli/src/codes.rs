//! The pages of the codes that are not the compiler's: decisions, calls, envelopes, ledgers, files.
//!
//! One line each for what happened and what to do; `wpc explain CODE` prints them. A test holds
//! this list against the codes that the libraries can give.

macro_rules! pages {
    ($($code:ident $title:literal $what:literal $fix:literal)*) => {
        /// Code, title, what it means, what to do.
        pub(super) const PAGES: &[Page] =
            &[$(Page { code: stringify!($code), title: $title, what: $what, fix: $fix }),*];
    };
}

mod azure;
mod bundles;
mod calls;
mod evidence;
mod files;
mod gates;
mod ledgers;
mod mcp;
mod models;
mod openclaw;
mod planes;
mod releases;
mod sending;
mod signatures;
mod tokens;

/// Longest line of a page, in characters.
const LINE: usize = 100;

/// What is known of one code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    what: &'static str,
    fix: &'static str,
}

impl Page {
    /// As Markdown, like the compiler's pages.
    pub(crate) fn text(&self) -> String {
        let Self { code, title, what, fix } = self;
        format!("# {code}: {title}\n\n{}\n\n{}", wrapped(what), wrapped(fix))
    }
}

/// `text` in lines of at most [`LINE`] characters, where words allow.
fn wrapped(text: &str) -> String {
    let (mut out, mut used) = (String::new(), 0_usize);
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used.saturating_add(length) >= LINE {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used = used.saturating_add(1);
        }
        out.push_str(word);
        used = used.saturating_add(length);
    }
    out
}

/// Every page, along the path of a call: decisions first, files last.
pub(crate) fn all() -> impl Iterator<Item = &'static Page> {
    [
        calls::PAGES,
        gates::PAGES,
        sending::PAGES,
        mcp::PAGES,
        models::PAGES,
        ledgers::PAGES,
        signatures::PAGES,
        tokens::PAGES,
        evidence::PAGES,
        releases::PAGES,
        azure::PAGES,
        bundles::PAGES,
        planes::PAGES,
        openclaw::PAGES,
        files::PAGES,
    ]
    .into_iter()
    .flatten()
    .chain(openclaw::TRAPS.iter())
}

/// The page of a code.
pub(crate) fn find(code: &str) -> Option<&'static Page> {
    all().find(|page| page.code == code)
}
