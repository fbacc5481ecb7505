//! Messages as their bytes (OASIS AMQP 1.0 part 3, section 3.2): taken apart, stamped, put together.

use crate::wire::value::{Malformed, Value};

/// Message format of a batch: every data section is an encoded message.
///
/// Source: "Azure Service Bus AMQP 1.0 protocol guide" and all Azure SDKs.
const BATCH_FORMAT: u32 = 0x8001_3700;

pub(crate) const HEADER: u64 = 0x70;
const DELIVERY_ANNOTATIONS: u64 = 0x71;
pub(crate) const ANNOTATIONS: u64 = 0x72;
pub(crate) const PROPERTIES: u64 = 0x73;
pub(crate) const APPLICATION_PROPERTIES: u64 = 0x74;
pub(crate) const DATA: u64 = 0x75;
pub(crate) const VALUE: u64 = 0x77;

/// `group-id`, which Service Bus calls the session id, in the properties.
const GROUP_ID: usize = 10;

/// One message: its sections, each with its code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    sections: Vec<(u64, Value)>,
}

impl Message {
    /// Reads an encoded message.
    pub(crate) fn read(mut bytes: &[u8]) -> Result<Self, Malformed> {
        let mut sections = Vec::new();
        while !bytes.is_empty() {
            let (section, length) = Value::read(bytes)?;
            let Value::Described(descriptor, value) = section else { return Err(Malformed) };
            let Value::Ulong(code) = *descriptor else { return Err(Malformed) };
            sections.push((code, *value));
            bytes = bytes.get(length..).unwrap_or_default();
        }
        Ok(Self { sections })
    }

    /// Reads one delivery: a message, or a batch of them.
    pub(crate) fn unpack(format: u32, bytes: &[u8]) -> Result<Vec<Self>, Malformed> {
        let outer = Self::read(bytes)?;
        if format != BATCH_FORMAT {
            return Ok(vec![outer]);
        }
        let inner = outer.sections.iter().filter(|(code, _)| *code == DATA);
        let inner: Vec<_> = inner
            .map(|(_, data)| if let Value::Binary(bytes) = data { Self::read(bytes) } else { Err(Malformed) })
            .collect::<Result<_, _>>()?;
        if inner.is_empty() { Err(Malformed) } else { Ok(inner) }
    }

    /// A message of the node's own: a reply.
    pub(crate) fn of(sections: Vec<(u64, Value)>) -> Self {
        Self { sections }
    }

    /// A message with an id, a body, and maybe a session.
    pub(crate) fn plain(id: &str, body: &str, session: Option<&str>) -> Self {
        let mut properties = vec![Value::Null; GROUP_ID];
        if let Some(first) = properties.first_mut() {
            *first = Value::text(id);
        }
        properties.push(session.map_or(Value::Null, Value::text));
        let body = Value::Binary(body.as_bytes().to_vec());
        Self { sections: vec![(PROPERTIES, Value::List(properties)), (DATA, body)] }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (code, value) in &self.sections {
            out.extend([0, 0x53, u8::try_from(*code).unwrap_or(0)]);
            value.write(&mut out);
        }
        out
    }

    pub(crate) fn sections(&self) -> impl Iterator<Item = (u64, &Value)> {
        self.sections.iter().map(|(code, value)| (*code, value))
    }

    /// The first section of a code; null if there is none.
    pub(crate) fn section(&self, wanted: u64) -> &Value {
        self.sections().find(|(code, _)| *code == wanted).map_or(&Value::Null, |(_, value)| value)
    }

    /// The session it belongs to.
    pub(crate) fn session(&self) -> Option<&str> {
        self.section(PROPERTIES).field(GROUP_ID).as_text()
    }

    /// An entry of a map section.
    pub(crate) fn entry(&self, section: u64, key: &str) -> Option<&Value> {
        self.section(section).entry(key)
    }

    /// Sets entries of a map section, which is put in its place if it is not there.
    pub(crate) fn set(&mut self, section: u64, entries: Vec<(Value, Value)>) {
        let at = self.sections.iter().position(|(code, _)| *code >= section).unwrap_or(self.sections.len());
        if self.sections.get(at).is_none_or(|(code, _)| *code != section) {
            self.sections.insert(at, (section, Value::Map(Vec::new())));
        }
        let Some((_, Value::Map(map))) = self.sections.get_mut(at) else { return };
        map.retain(|(key, _)| !entries.iter().any(|(name, _)| name.as_text() == key.as_text()));
        map.extend(entries);
    }

    /// A header that says how often it was delivered. Always there: some clients read nothing into its absence.
    pub(crate) fn set_delivery_count(&mut self, count: u32) {
        self.sections.retain(|(code, _)| !matches!(*code, HEADER | DELIVERY_ANNOTATIONS));
        let header = Value::List(vec![
            Value::Bool(true),
            Value::Null,
            Value::Null,
            Value::Bool(false),
            Value::Uint(count),
        ]);
        self.sections.insert(0, (HEADER, header));
    }
}
