//! The facts of `random/desk.wpc`, whose Rust types lie in the module of each policy.

/// Reads the types of one such module.
macro_rules! desk {
    ($($path:tt)*) => {
        use $($path)*::*;

        use crate::differential::drawn::{Drawn, Fields};
        use crate::differential::facts::{Read, facts};

        impl<'a> Read<'a> for PersonRecord<'a> {
            fn read(drawn: &'a Drawn) -> Self {
                match drawn {
                    Drawn::Record(fields) => wpc::Describe::<Person>::describe(fields),
                    other => panic!("{other:?} for a person"),
                }
            }
        }

        facts! {
            choices {
                ItemShape { Big, Small }
                PutMode { Fast, Slow, Off }
                HintMode { Fast, Slow, Off }
                StartMode { Cold, Warm }
            }
            records {
                Person, PersonRecord { name, age, nick, mail }
                Item, ItemRecord { size, tags, title, lines, rank, rate, owner, other, crew, shape, body }
            }
            actions {
                Post, PostArguments { items, urgent, copies, due }
                Put, PutArguments {
                    flag, offset, copies, weight, pause, ratio, price, title, server, owner, mode, entity
                }
                Hint, HintArguments {
                    flag, offset, copies, weight, pause, ratio, price, title, server, owner, mode, entity
                }
                Group, GroupArguments {
                    tags, labels, numbers, sizes, flags, extra, counts, who, whom, people, mails, mail, link, address, file,
                    secret
                }
                Ping, PingArguments { copies }
                Fetch, FetchArguments { form, fields, copies }
                Start, StartArguments { mode, force, times }
                Wipe, WipeArguments { times }
            }
        }
    };
}
pub(super) use desk;

mod drawn_policies {
    super::desk!(crate::differential::generated::p000::interface::desk);
}
