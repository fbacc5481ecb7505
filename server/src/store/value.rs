//! Values in rows.

use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type};
use rusqlite::types::{ToSqlOutput, ValueRef};
use wpc_model::Hash;

use super::StoreError;

/// A value of a row or of a statement's parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row that was read.
#[derive(Clone, Debug)]
pub(crate) struct Row(pub(super) Vec<Value>);

impl Row {
    fn get(&self, column: usize) -> Result<&Value, StoreError> {
        self.0.get(column).ok_or_else(|| StoreError::damaged("a column is missing"))
    }

    pub(crate) fn integer(&self, column: usize) -> Result<i64, StoreError> {
        match self.get(column)? {
            Value::Integer(integer) => Ok(*integer),
            Value::Null | Value::Text(_) | Value::Bytes(_) => Err(StoreError::damaged("not an integer")),
        }
    }

    pub(crate) fn number(&self, column: usize) -> Result<u64, StoreError> {
        u64::try_from(self.integer(column)?).map_err(StoreError::damaged)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, StoreError> {
        match self.get(column)? {
            Value::Text(text) => Ok(text.clone()),
            Value::Null | Value::Integer(_) | Value::Bytes(_) => Err(StoreError::damaged("not a text")),
        }
    }

    /// The text, or nothing of `NULL`.
    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        if self.get(column)? == &Value::Null { Ok(None) } else { self.text(column).map(Some) }
    }

    /// The number, or nothing of `NULL`.
    pub(crate) fn maybe_number(&self, column: usize) -> Result<Option<u64>, StoreError> {
        if self.get(column)? == &Value::Null { Ok(None) } else { self.number(column).map(Some) }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.get(column)? {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            Value::Null | Value::Integer(_) | Value::Text(_) => Err(StoreError::damaged("not bytes")),
        }
    }

    pub(crate) fn hash(&self, column: usize) -> Result<Hash, StoreError> {
        let bytes = <[u8; 32]>::try_from(self.bytes(column)?);
        bytes.map(Hash).map_err(|_| StoreError::damaged("not a hash"))
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<u64> for Value {
    /// What is beyond the range of rows finds nothing and is never written.
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_owned())
    }
}

impl From<Hash> for Value {
    fn from(hash: Hash) -> Self {
        Self::Bytes(hash.0.to_vec())
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(integer) => ValueRef::Integer(*integer),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl TryFrom<ValueRef<'_>> for Value {
    type Error = StoreError;

    fn try_from(value: ValueRef<'_>) -> Result<Self, StoreError> {
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(integer) => Self::Integer(integer),
            ValueRef::Real(_) => return Err(StoreError::damaged("a fraction")),
            ValueRef::Text(text) => {
                Self::Text(String::from_utf8(text.to_vec()).map_err(StoreError::damaged)?)
            }
            ValueRef::Blob(bytes) => Self::Bytes(bytes.to_vec()),
        })
    }
}

type Wrong = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Wrong> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            // A parameter that is compared with a number in the statement is of that number's type.
            Self::Integer(integer) if *ty == Type::INT4 => i32::try_from(*integer)?.to_sql(ty, out),
            Self::Integer(integer) => integer.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // The tables have three types, and each statement is run on both databases by the tests.
        true
    }

    postgres::types::to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Wrong> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i64::from(i32::from_sql(ty, raw)?)),
            Type::BYTEA => Self::Bytes(Vec::from_sql(ty, raw)?),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Wrong> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::BYTEA | Type::TEXT | Type::VARCHAR)
    }
}
