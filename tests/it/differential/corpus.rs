//! The policies of `random/corpus`, through `policy!` and through `wpc_build`.

use super::facts::ask;
use super::table::{Action, Kind, Listed};

pub(super) mod bus_macro {
    wpc::policy!("../../random/corpus/bus_corpus.wpc");
}

pub(super) mod bus_built {
    wpc::include_policy!("bus_corpus");
}

pub(super) mod desk_macro {
    wpc::policy!("../../random/corpus/desk_corpus.wpc");
}

pub(super) mod desk_built {
    wpc::include_policy!("desk_corpus");
}

mod desk_macro_facts {
    crate::differential::desk::desk!(crate::differential::corpus::desk_macro::interface::desk);
}

mod desk_built_facts {
    crate::differential::desk::desk!(crate::differential::corpus::desk_built::interface::desk);
}

/// The table's line of one policy.
macro_rules! listed {
    (
        $file:literal, $module:ident::$policy:ident, $tool:ident,
        $($name:literal = $action:ident),*; $($kind:ident($($slot:ident),*)),*
    ) => {
        Listed {
            name: $file,
            text: include_str!(concat!("../../random/corpus/", $file, ".wpc")),
            artifact: None,
            hash: <$module::$policy as wpc::Policy>::HASH,
            tool: stringify!($tool),
            actions: &[$(Action { name: $name, ask: ask::<$module::$tool::$action> }),*],
            kinds: &[$(Kind {
                name: stringify!($kind),
                named: |names| $module::$tool::$kind::Name::__wpc_named(names).into(),
                parse: |names| match names {
                    [$($slot),*] => Some($module::$tool::$kind::Name::parse($($slot),*).map(Into::into)),
                    _ => None,
                },
            }),*],
        }
    };
}

macro_rules! bus {
    ($module:ident) => {
        listed!(
            "bus_corpus", $module::BusCorpus, bus,
            "complete" = Complete, "deadletter_read" = DeadletterRead, "schedule" = Schedule, "send" = Send;
            queue(name), subscription(topic, name), topic(name)
        )
    };
}

macro_rules! desk {
    ($module:ident) => {
        listed!(
            "desk_corpus", $module::DeskCorpus, desk,
            "fetch" = Fetch, "group" = Group, "hint" = Hint, "ping" = Ping, "post" = Post, "start" = Start;
            folder(path), inbox(address), link(at), note(title), page(book, name), peer(address), site(host, lane),
            tray(name)
        )
    };
}

/// Each policy twice.
pub(super) static BOTH_DOORS: &[Listed] =
    &[bus!(bus_macro), bus!(bus_built), desk!(desk_macro), desk!(desk_built)];
