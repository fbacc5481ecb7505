//! XML as a tree: names without their prefixes, texts joined.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};

/// How deep elements may be nested.
const MAX_DEPTH: usize = 16;

/// One element.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Element {
    pub(super) name: String,
    /// The value of its `type` attribute, whatever the prefix.
    pub(super) kind: Option<String>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Reads a document.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) if open.len() < MAX_DEPTH => open.push(Self::begin(&start)?),
                Event::Empty(start) => {
                    let element = Self::begin(&start)?;
                    open.last_mut()?.children.push(element);
                }
                Event::End(_) => {
                    let element = open.pop()?;
                    open.last_mut()?.children.push(element);
                }
                Event::Text(text) => open.last_mut()?.text.push_str(&text),
                Event::GeneralRef(reference) => open.last_mut()?.text.push(entity(&reference)?),
                Event::Eof => {
                    let mut root = open.pop().filter(|_| open.is_empty())?;
                    return root.children.pop();
                }
                Event::Decl(_) | Event::Comment(_) => {}
                Event::Start(_) | Event::CData(_) | Event::PI(_) | Event::DocType(_) => return None,
            }
        }
    }

    fn begin(start: &BytesStart<'_>) -> Option<Self> {
        let name = start.local_name().as_ref().to_owned();
        let kind = start.attributes().filter_map(Result::ok).find(|attribute| {
            attribute.key.local_name().as_ref() == "type" && attribute.key.prefix().is_some()
        });
        let kind = kind.map(|kind| kind.value.into_owned());
        Some(Self { name, kind, ..Self::default() })
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

fn entity(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character);
    }
    match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// Writes an element with a text.
pub(super) fn leaf(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<{name}>{}</{name}>", escape(text)));
}
