//! What a gateway notes of a call: texts by their names.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{MAX_RECEIPT_NOTES, is_name};

/// Texts by their names, none twice.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Notes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Notes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("texts by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Notes, A::Error> {
                let mut notes = BTreeMap::new();
                while let Some((name, note)) = map.next_entry::<String, String>()? {
                    let fits = notes.len() < MAX_RECEIPT_NOTES && is_name(&name) && is_name(&note);
                    if !fits || notes.insert(name, note).is_some() {
                        return Err(Error::custom("a note that is none, or one too many"));
                    }
                }
                Ok(Notes(notes))
            }
        }
        deserializer.deserialize_map(Read)
    }
}
