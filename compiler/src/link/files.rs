//! The compiled file and the files that it uses, read.

use std::collections::BTreeMap;

use wpc_grammar::syntax::{File, ItemKind, Text, Use};
use wpc_grammar::{Source, parse};

use super::{locked, path};
use crate::{Code, Diagnostic, Problems};

/// Most files that one policy may use, itself not counted.
const MAX_FILES: usize = 64;

/// Longest text of all of them together, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Adds to `source` every file that it uses, and that these use: `read` is given the path of one, from
/// the folder of `source`, with `/` between its parts, and gives its text or why there is none. Then it is
/// asked for the lock beside it, `PATH.lock`, which most have not.
///
/// Only paths that may be used are asked for: relative, ending in `.wpc`, and inside that folder. At
/// most 64 files of 16 MiB together are taken; the rest counts as absent.
///
/// ```
/// use wpc_compiler::{Parameters, Source, check, gather};
/// let mut source = Source::new("orders.wpc", "use \"./house.wpc\" as house\n");
/// gather(&mut source, |path| Err(format!("no {path} here")));
/// assert!(check(&source, &Parameters::new())[0].message.ends_with("no house.wpc here"));
/// ```
pub fn gather(source: &mut Source, mut read: impl FnMut(&str) -> Result<String, String>) {
    let mut wanted = wanted(source.path(), source);
    let (mut files, mut bytes) = (0_usize, 0_usize);
    while let Some(path) = wanted.pop() {
        if path == source.path() || source.file(&path).is_some() {
            continue;
        }
        let text = if files >= MAX_FILES || bytes > MAX_BYTES {
            Err(format!("a policy uses at most {MAX_FILES} files of {MAX_BYTES} bytes together"))
        } else {
            read(&path)
        };
        files = files.saturating_add(1);
        bytes = bytes.saturating_add(text.as_ref().map_or(0, String::len));
        source.add(&path, text);
        if let Some(Ok(file)) = source.file(&path) {
            wanted.extend(self::wanted(&path, file));
            let lock = format!("{path}{}", locked::SUFFIX);
            if let Ok(text) = read(&lock) {
                source.add(&lock, Ok(text));
            }
        }
    }
}

/// The paths that a file names, seen from the compiled file's folder; none of a file that cannot be
/// read, which is said when it is compiled.
fn wanted(path: &str, source: &Source) -> Vec<String> {
    // Nearly every file names none, and reading is most of what compiling costs.
    if !source.text().contains(".wpc\"") {
        return Vec::new();
    }
    let Ok(file) = parse(source) else { return Vec::new() };
    references(&file).filter_map(|written| path::resolve(path, &written.value).ok()).collect()
}

/// Every path that a file names.
fn references(file: &File) -> impl Iterator<Item = &Text> {
    file.items.iter().flat_map(|item| match &item.kind {
        ItemKind::Use(Use::File { path, .. }) => std::slice::from_ref(path),
        ItemKind::Policy(policy) => policy.extends.as_slice(),
        ItemKind::Use(Use::Shipped(_)) | ItemKind::Interface(_) | ItemKind::Rules(_) | ItemKind::Test(_) => {
            &[]
        }
    })
}

/// What is known of a file.
#[derive(Debug)]
enum Known {
    /// Its tree.
    Read(Box<File>),
    /// Why it is not there.
    Absent(String),
    /// It cannot be read, which was reported.
    Broken,
}

/// All files, by their paths from the compiled file's folder.
#[derive(Debug)]
pub(crate) struct Files {
    root: String,
    known: BTreeMap<String, Known>,
    /// The texts of interfaces that have a lock beside them, and the locks, by the interfaces' paths.
    locked: BTreeMap<String, (String, String)>,
}

impl Files {
    /// Reads the files that `root` uses, beside its own tree.
    pub(crate) fn of(root: &Source, tree: File, problems: &mut Problems) -> Self {
        let mut known = BTreeMap::from([(root.path().to_owned(), Known::Read(Box::new(tree)))]);
        let mut locked = BTreeMap::new();
        for (path, file) in root.files() {
            if let Some(interface) = path.strip_suffix(locked::SUFFIX) {
                if let (Ok(lock), Some(Ok(text))) = (file, root.file(interface)) {
                    locked.insert(interface.to_owned(), (text.text().to_owned(), lock.text().to_owned()));
                }
                continue;
            }
            let read = match file {
                Err(reason) => Known::Absent(reason.clone()),
                Ok(source) => match parse(source) {
                    Ok(tree) => {
                        crate::lookalike::check(source, problems);
                        Known::Read(Box::new(tree))
                    }
                    Err(error) => {
                        problems.report(error.into());
                        Known::Broken
                    }
                },
            };
            known.insert(path.to_owned(), read);
        }
        Self { root: root.path().to_owned(), known, locked }
    }

    /// The compiled file's path.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// The tree of the file at `path`.
    pub(crate) fn tree(&self, path: &str) -> Option<&File> {
        if let Some(Known::Read(file)) = self.known.get(path) { Some(file) } else { None }
    }

    /// The path and the tree of the file that `written`, in the file at `from`, names; reports why
    /// there is none.
    pub(crate) fn find(
        &self,
        from: &str,
        written: &Text,
        problems: &mut Problems,
    ) -> Option<(String, &File)> {
        let refuse = |why: String, help: &str| {
            let message = format!("found {:?}, which cannot be used: {why}", written.value);
            Diagnostic::error(Code::UnusableFile, written.loc.0, message, "not a file of this policy")
                .help(help)
        };
        let path = match path::resolve(from, &written.value) {
            Ok(path) => path,
            Err(why) => {
                problems.report(refuse(
                    why.to_owned(),
                    "write a path such as `\"./name.wpc\"`, to a file in the compiled file's folder",
                ));
                return None;
            }
        };
        if self.leads_back(from, &path) {
            problems.report(
                Diagnostic::error(
                    Code::FileCircle,
                    written.loc.0,
                    format!("found {:?}, which leads back to this file", written.value),
                    "goes in a circle",
                )
                .help("move what both need into a third file"),
            );
            return None;
        }
        match self.known.get(&path) {
            Some(Known::Read(file)) => {
                if let (Some((text, lock)), Some(root)) = (self.locked.get(&path), self.tree(&self.root)) {
                    locked::check(text, lock, (&self.root, root), written, problems);
                }
                Some((path, file))
            }
            Some(Known::Broken) => None,
            Some(Known::Absent(reason)) => {
                problems.report(refuse(reason.clone(), "check the path, which is seen from this file"));
                None
            }
            None => {
                let help = "write what it holds into this file";
                problems.report(refuse("nobody read it".to_owned(), help));
                None
            }
        }
    }

    /// Whether the file at `to` is `from`, or names it, or names what names it.
    fn leads_back(&self, from: &str, to: &str) -> bool {
        let (mut reached, mut next) = (std::collections::BTreeSet::new(), vec![to.to_owned()]);
        while let Some(path) = next.pop() {
            if path == from {
                return true;
            }
            if let Some(file) = self.tree(&path)
                && reached.insert(path.clone())
            {
                next.extend(references(file).filter_map(|text| path::resolve(&path, &text.value).ok()));
            }
        }
        false
    }
}
