//! AMQP values as bytes (OASIS AMQP 1.0 part 1), read and written by hand: neither codec of the clients
//! that are tested against this endpoint is used here.

/// How deep values may be nested.
const MAX_DEPTH: usize = 16;

/// A value. Floats and decimals are kept as their bytes: nobody here reads them.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Ubyte(u8),
    Ushort(u16),
    Uint(u32),
    Ulong(u64),
    Byte(i8),
    Short(i16),
    Int(i32),
    Long(i64),
    Timestamp(i64),
    Uuid([u8; 16]),
    Binary(Vec<u8>),
    Text(String),
    Symbol(String),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Array(Vec<Value>),
    Described(Box<Value>, Box<Value>),
    /// A value of a fixed width that is none of the above, with its constructor.
    Other(u8, Vec<u8>),
}

/// Bytes that are no value, or end before it does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Malformed;

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn symbol(text: impl Into<String>) -> Self {
        Self::Symbol(text.into())
    }

    /// A described list, as performatives and sections are.
    pub(crate) fn composite(code: u64, fields: Vec<Self>) -> Self {
        Self::Described(Box::new(Self::Ulong(code)), Box::new(Self::List(fields)))
    }

    /// Reads the first value, and says how long it is.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader { bytes, at: 0 };
        let value = reader.value(0)?;
        Ok((value, reader.at))
    }

    /// Writes it to the end of `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(0x40),
            Self::Bool(true) => out.push(0x41),
            Self::Bool(false) => out.push(0x42),
            Self::Ubyte(value) => out.extend([0x50, *value]),
            Self::Ushort(value) => fixed(out, 0x60, &value.to_be_bytes()),
            Self::Uint(value) => fixed(out, 0x70, &value.to_be_bytes()),
            Self::Ulong(value) => match u8::try_from(*value) {
                Ok(small) => out.extend([0x53, small]),
                Err(_) => fixed(out, 0x80, &value.to_be_bytes()),
            },
            Self::Byte(value) => fixed(out, 0x51, &value.to_be_bytes()),
            Self::Short(value) => fixed(out, 0x61, &value.to_be_bytes()),
            Self::Int(value) => fixed(out, 0x71, &value.to_be_bytes()),
            Self::Long(value) => fixed(out, 0x81, &value.to_be_bytes()),
            Self::Timestamp(value) => fixed(out, 0x83, &value.to_be_bytes()),
            Self::Uuid(value) => fixed(out, 0x98, value),
            Self::Binary(value) => variable(out, 0xa0, value),
            Self::Text(value) => variable(out, 0xa1, value.as_bytes()),
            Self::Symbol(value) => variable(out, 0xa3, value.as_bytes()),
            Self::List(members) if members.is_empty() => out.push(0x45),
            Self::List(members) => {
                let mut body = Vec::new();
                members.iter().for_each(|member| member.write(&mut body));
                compound(out, 0xd0, members.len(), &body);
            }
            Self::Map(entries) => {
                let mut body = Vec::new();
                for (key, value) in entries {
                    key.write(&mut body);
                    value.write(&mut body);
                }
                compound(out, 0xd1, entries.len().saturating_mul(2), &body);
            }
            Self::Array(members) => array(out, members),
            Self::Described(descriptor, value) => {
                out.push(0);
                descriptor.write(out);
                value.write(out);
            }
            Self::Other(code, bytes) => fixed(out, *code, bytes),
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// Text, whether it came as a string or a symbol: clients differ.
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) | Self::Symbol(text) = self { Some(text) } else { None }
    }

    /// A whole number, whatever its width.
    pub(crate) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Ubyte(value) => Some(i64::from(*value)),
            Self::Ushort(value) => Some(i64::from(*value)),
            Self::Uint(value) => Some(i64::from(*value)),
            Self::Ulong(value) => i64::try_from(*value).ok(),
            Self::Byte(value) => Some(i64::from(*value)),
            Self::Short(value) => Some(i64::from(*value)),
            Self::Int(value) => Some(i64::from(*value)),
            Self::Long(value) | Self::Timestamp(value) => Some(*value),
            Self::Null
            | Self::Bool(_)
            | Self::Uuid(_)
            | Self::Binary(_)
            | Self::Text(_)
            | Self::Symbol(_)
            | Self::List(_)
            | Self::Map(_)
            | Self::Array(_)
            | Self::Described(..)
            | Self::Other(..) => None,
        }
    }

    /// The descriptor's code and the value that it describes.
    pub(crate) fn described(&self) -> Option<(u64, &Self)> {
        let Self::Described(descriptor, value) = self else { return None };
        if let Self::Ulong(code) = **descriptor { Some((code, value)) } else { None }
    }

    /// Members of a list or an array.
    pub(crate) fn members(&self) -> &[Self] {
        if let Self::List(members) | Self::Array(members) = self { members } else { &[] }
    }

    /// The field of a list at `index`; null if the list ends before.
    pub(crate) fn field(&self, index: usize) -> &Self {
        self.members().get(index).unwrap_or(&Self::Null)
    }

    /// Entries of a map.
    pub(crate) fn entries(&self) -> &[(Self, Self)] {
        if let Self::Map(entries) = self { entries } else { &[] }
    }

    /// The entry of a map under a text or symbol.
    pub(crate) fn entry(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
    }
}

fn fixed(out: &mut Vec<u8>, code: u8, bytes: &[u8]) {
    out.push(code);
    out.extend_from_slice(bytes);
}

/// `code` is that of the short form; the long form's is 16 more.
fn variable(out: &mut Vec<u8>, code: u8, bytes: &[u8]) {
    match u8::try_from(bytes.len()) {
        Ok(length) => out.extend([code, length]),
        Err(_) => {
            out.push(code | 0x10);
            out.extend(size(bytes.len()));
        }
    }
    out.extend_from_slice(bytes);
}

fn compound(out: &mut Vec<u8>, code: u8, count: usize, body: &[u8]) {
    out.push(code);
    out.extend(size(body.len().saturating_add(4)));
    out.extend(size(count));
    out.extend_from_slice(body);
}

/// An array has one constructor for all members: the long form of the first one's.
fn array(out: &mut Vec<u8>, members: &[Value]) {
    let mut body = Vec::new();
    let mut code = 0x40;
    for member in members {
        let mut one = Vec::new();
        member.write(&mut one);
        let (constructor, rest) = match (member, one.split_first()) {
            (Value::Text(text), _) => (0xb1, long(text.as_bytes())),
            (Value::Symbol(text), _) => (0xb3, long(text.as_bytes())),
            (Value::Binary(bytes), _) => (0xb0, long(bytes)),
            (Value::Ulong(value), _) => (0x80, value.to_be_bytes().to_vec()),
            (_, Some((constructor, rest))) => (*constructor, rest.to_vec()),
            (_, None) => (0x40, Vec::new()),
        };
        code = constructor;
        body.extend(rest);
    }
    out.push(0xf0);
    out.extend(size(body.len().saturating_add(5)));
    out.extend(size(members.len()));
    out.push(code);
    out.extend(body);
}

fn long(bytes: &[u8]) -> Vec<u8> {
    let mut out = size(bytes.len()).to_vec();
    out.extend_from_slice(bytes);
    out
}

fn size(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(count).ok_or(Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    /// A size or count, of one byte or of four.
    fn size(&mut self, is_long: bool) -> Result<usize, Malformed> {
        if is_long {
            usize::try_from(u32::from_be_bytes(self.fixed()?)).map_err(|_| Malformed)
        } else {
            self.byte().map(usize::from)
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed);
        }
        let code = self.byte()?;
        if code == 0 {
            let descriptor = self.value(depth.saturating_add(1))?;
            let value = self.value(depth.saturating_add(1))?;
            return Ok(Value::Described(Box::new(descriptor), Box::new(value)));
        }
        self.of(code, depth)
    }

    fn of(&mut self, code: u8, depth: usize) -> Result<Value, Malformed> {
        let is_long = code & 0x10 != 0;
        Ok(match code {
            0x40 => Value::Null,
            0x41 => Value::Bool(true),
            0x42 => Value::Bool(false),
            0x43 => Value::Uint(0),
            0x44 => Value::Ulong(0),
            0x45 => Value::List(Vec::new()),
            0x50 => Value::Ubyte(self.byte()?),
            0x51 => Value::Byte(i8::from_be_bytes(self.fixed()?)),
            0x52 => Value::Uint(u32::from(self.byte()?)),
            0x53 => Value::Ulong(u64::from(self.byte()?)),
            0x54 => Value::Int(i32::from(i8::from_be_bytes(self.fixed()?))),
            0x55 => Value::Long(i64::from(i8::from_be_bytes(self.fixed()?))),
            0x56 => Value::Bool(self.byte()? != 0),
            0x60 => Value::Ushort(u16::from_be_bytes(self.fixed()?)),
            0x61 => Value::Short(i16::from_be_bytes(self.fixed()?)),
            0x70 => Value::Uint(u32::from_be_bytes(self.fixed()?)),
            0x71 => Value::Int(i32::from_be_bytes(self.fixed()?)),
            0x80 => Value::Ulong(u64::from_be_bytes(self.fixed()?)),
            0x81 => Value::Long(i64::from_be_bytes(self.fixed()?)),
            0x83 => Value::Timestamp(i64::from_be_bytes(self.fixed()?)),
            0x98 => Value::Uuid(self.fixed()?),
            0xa0 | 0xb0 => Value::Binary(self.sized(is_long)?.to_vec()),
            0xa1 | 0xb1 => Value::Text(self.string(is_long)?),
            0xa3 | 0xb3 => Value::Symbol(self.string(is_long)?),
            0xc0 | 0xd0 => {
                let (mut inner, count) = self.compound(is_long)?;
                let members = (0..count).map(|_| inner.value(depth.saturating_add(1)));
                Value::List(members.collect::<Result<_, _>>()?)
            }
            0xc1 | 0xd1 => {
                let (mut inner, count) = self.compound(is_long)?;
                let mut entries = Vec::new();
                for _ in 0..count / 2 {
                    entries
                        .push((inner.value(depth.saturating_add(1))?, inner.value(depth.saturating_add(1))?));
                }
                Value::Map(entries)
            }
            0xe0 | 0xf0 => {
                let (mut inner, count) = self.compound(is_long)?;
                let code = inner.byte()?;
                let members = (0..count).map(|_| inner.of(code, depth.saturating_add(1)));
                Value::Array(members.collect::<Result<_, _>>()?)
            }
            // Floats, decimals, characters: by width.
            _ => {
                let width = match code >> 4 {
                    0x5 => 1,
                    0x6 => 2,
                    0x7 => 4,
                    0x8 => 8,
                    0x9 => 16,
                    _ => return Err(Malformed),
                };
                Value::Other(code, self.take(width)?.to_vec())
            }
        })
    }

    fn sized(&mut self, is_long: bool) -> Result<&'a [u8], Malformed> {
        let length = self.size(is_long)?;
        self.take(length)
    }

    fn string(&mut self, is_long: bool) -> Result<String, Malformed> {
        String::from_utf8(self.sized(is_long)?.to_vec()).map_err(|_| Malformed)
    }

    /// The members of a compound value, which can be no more than its bytes.
    fn compound(&mut self, is_long: bool) -> Result<(Reader<'a>, usize), Malformed> {
        let bytes = self.sized(is_long)?;
        let mut inner = Reader { bytes, at: 0 };
        let count = inner.size(is_long)?;
        if count > bytes.len() { Err(Malformed) } else { Ok((inner, count)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &Value) {
        let bytes = value.to_bytes();
        assert_eq!(Value::read(&bytes), Ok((value.clone(), bytes.len())));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for value in [
            Value::Null,
            Value::Bool(true),
            Value::Ubyte(1),
            Value::Ushort(500),
            Value::Uint(70_000),
            Value::Ulong(5),
            Value::Ulong(u64::MAX),
            Value::Byte(-1),
            Value::Short(-300),
            Value::Int(-70_000),
            Value::Long(i64::MIN),
            Value::Timestamp(1),
            Value::Uuid([7; 16]),
            Value::Binary(vec![0; 300]),
            Value::text("größe"),
            Value::symbol("a:b"),
            Value::List(Vec::new()),
            Value::List(vec![Value::Null, Value::text("x")]),
            Value::Map(vec![(Value::symbol("k"), Value::Int(1))]),
            Value::Array(vec![Value::Long(1), Value::Long(2)]),
            Value::Array(vec![Value::symbol("a"), Value::symbol("bc")]),
            Value::composite(0x24, vec![Value::Bool(false)]),
            Value::Other(0x82, vec![0; 8]),
        ] {
            check(&value);
        }
    }

    #[test]
    fn bytes_that_end_early_or_nest_for_ever_are_no_value() {
        let whole = Value::List(vec![Value::text("abc"), Value::Long(5)]).to_bytes();
        for end in 0..whole.len() {
            assert_eq!(Value::read(&whole[..end]), Err(Malformed), "{end}");
        }
        assert_eq!(Value::read(&[0; 1000]), Err(Malformed));
        assert_eq!(Value::read(&[0xd0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]), Err(Malformed));
    }
}
