//! From drawn arguments to the typed facts of generated code, field by field.

use wpc::__private::{Fact, Seal};
use wpc::argument::Choice;
use wpc::{
    Action, Batch, Describe, DescribeMany, Interface, Pairs, Place, Record, Records, Sealed, TextList,
    TextMap,
};
use wpc_model::{Ruling, Value};

use super::drawn::{Drawn, Fields};

/// What generated code says of a call.
pub(super) struct Answer {
    pub(super) ruling: Ruling,
    /// The call's arguments, as the gate records them; `None` if they are malformed.
    pub(super) arguments: Option<Value>,
}

/// An action of an interface whose facts can be built.
pub(super) trait Built: Interface {
    fn facts(fields: &Fields) -> Self::Facts<'_>;
}

/// Asks the generated code of one action of one policy.
pub(super) fn ask<A: Action<Interface: Built>>(place: Option<&Place>, fields: &Fields) -> Answer {
    let facts = A::Interface::facts(fields);
    Answer { ruling: A::rule(place, &facts), arguments: facts.value(Seal::UNREAD).ok() }
}

/// A fact, read from what was drawn for it.
pub(super) trait Read<'a>: Sized {
    fn read(drawn: &'a Drawn) -> Self;

    /// The fact of an argument that may be absent where its type says so.
    fn find(drawn: Option<&'a Drawn>) -> Self {
        Self::read(drawn.unwrap())
    }
}

impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    fn read(drawn: &'a Drawn) -> Self {
        Some(T::read(drawn))
    }

    fn find(drawn: Option<&'a Drawn>) -> Self {
        drawn.map(T::read)
    }
}

macro_rules! read {
    ($($ty:ty: $pattern:pat => $value:expr;)*) => {$(
        impl<'a> Read<'a> for $ty {
            fn read(drawn: &'a Drawn) -> Self {
                match drawn {
                    $pattern => $value,
                    other => panic!("{other:?} for {}", stringify!($ty)),
                }
            }
        }
    )*};
}

read! {
    bool: Drawn::Bool(value) => *value;
    i64: Drawn::Int(value) => *value;
    u64: Drawn::Int(value) => u64::try_from(*value).unwrap();
    &'a str: Drawn::Text(value) => value;
    Sealed<'a>: Drawn::Sealed => Sealed::of(&());
    TextList<'a>: Drawn::Texts(all) => all.into();
    TextMap<'a>: Drawn::TextMap(all) => all.into();
    Pairs<'a, i64>: Drawn::IntMap(all) => all.into();
    &'a [i64]: Drawn::Ints(all) => all;
    &'a [u64]: Drawn::Counts(all) => all;
    &'a [bool]: Drawn::Bools(all) => all;
}

impl<'a, R: Record> Read<'a> for Records<'a, R>
where
    Fields: Describe<R>,
{
    fn read(drawn: &'a Drawn) -> Self {
        match drawn {
            Drawn::Records(all) => Self::new(all),
            other => panic!("{other:?} for records"),
        }
    }
}

impl<'a, R: Record> Read<'a> for Batch<'a, R, R::Fields<'a>>
where
    Fields: Describe<R>,
{
    fn read(drawn: &'a Drawn) -> Self {
        match drawn {
            Drawn::Batch(all, true) if all.len() == 1 => Self::One(all[0].describe()),
            Drawn::Batch(all, _) => Self::Many(all as &dyn DescribeMany<R>),
            other => panic!("{other:?} for a batch"),
        }
    }
}

/// The choice of a word.
pub(super) fn choice<C: Choice>(drawn: &Drawn, all: &[C]) -> C {
    let Drawn::Text(word) = drawn else { panic!("{drawn:?} for a choice") };
    *all.iter().find(|one| one.word() == word).unwrap()
}

/// How the structs of an interface are read: each field by its name, records into `Fields` as a
/// whole.
macro_rules! facts {
    (
        choices { $($choice:ident { $($variant:ident),* })* }
        records { $($record:ident, $fields:ident { $($field:ident),* })* }
        actions { $($action:ident, $arguments:ident { $($argument:ident),* })* }
    ) => {
        $(
            impl<'a> Read<'a> for $choice {
                fn read(drawn: &'a Drawn) -> Self {
                    crate::differential::facts::choice(drawn, &[$($choice::$variant),*])
                }
            }
        )*
        $(
            impl wpc::Describe<$record> for Fields {
                fn describe(&self) -> <$record as wpc::Record>::Fields<'_> {
                    $fields { $($field: Read::find(self.get(stringify!($field)))),* }
                }
            }
        )*
        $(
            impl crate::differential::facts::Built for $action {
                fn facts(fields: &Fields) -> <$action as wpc::Interface>::Facts<'_> {
                    let _ = fields;
                    $arguments { $($argument: Read::find(fields.get(stringify!($argument)))),* }
                }
            }
        )*
    };
}
pub(super) use facts;
