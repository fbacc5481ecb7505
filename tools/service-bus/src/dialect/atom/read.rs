//! What the administration API answers: an entry, or a feed of them.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{Entry, rule};

/// How deep elements may be nested.
const MAX_DEPTH: usize = 32;

/// One element: its local name, its text without what is around it, what is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Self>,
}

impl Element {
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// The entries in an answer, one or many; `None` if it is no such answer.
pub(crate) fn entries(answer: &str) -> Option<Vec<Entry>> {
    let root = parse(answer)?;
    match root.name.as_str() {
        "entry" => Some(vec![entry(&root)?]),
        "feed" => root.children.iter().filter(|child| child.name == "entry").map(entry).collect(),
        _ => None,
    }
}

fn entry(element: &Element) -> Option<Entry> {
    let description = element.child("content")?.children.first()?;
    if description.name == "RuleDescription" {
        let name = description.child("Name").map(|name| name.text.clone()).unwrap_or_default();
        return Some(Entry { name, settings: rule::read(description) });
    }
    let plain = description.children.iter().filter(|child| child.children.is_empty());
    Some(Entry {
        name: element.child("title").map(|title| title.text.clone()).unwrap_or_default(),
        settings: plain.map(|child| (child.name.clone(), child.text.clone())).collect(),
    })
}

fn parse(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return None;
                }
                open.push(named(&start));
            }
            Event::Empty(start) => open.last_mut()?.children.push(named(&start)),
            Event::End(_) => {
                let done = open.pop()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    // The first element that ends with nothing around it is the document.
                    None => return Some(done),
                }
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::CData(text) => open.last_mut()?.text.push_str(&text),
            Event::GeneralRef(reference) => open.last_mut()?.text.push(character(&reference)?),
            // No entity of a document type is ever resolved, because none is read.
            Event::DocType(_) | Event::PI(_) | Event::Eof => return None,
            Event::Decl(_) | Event::Comment(_) => {}
        }
    }
}

fn named(start: &BytesStart<'_>) -> Element {
    Element { name: start.local_name().as_ref().to_owned(), ..Element::default() }
}

/// What a reference stands for: a character by its number, or one of the five that XML predefines.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character),
        Ok(None) => quick_xml::escape::resolve_predefined_entity(reference)?.chars().next(),
        Err(_) => None,
    }
}
