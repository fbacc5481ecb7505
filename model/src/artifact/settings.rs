//! The settings blocks of a policy. What says the default is absent.

use crate::canon::{ObjectWriter, Sink, Writer};
use crate::{
    Credential, Filesystem, Meta, Models, Network, OnChange, Principal, Redact, Sandbox, Settings, Validity,
};

/// `"agents"`.
pub(super) fn agents<S: Sink>(object: &mut ObjectWriter<'_, S>, settings: &Settings) {
    principals(object, "agents", &settings.agents);
}

/// `"credential"`.
pub(super) fn credential<S: Sink>(object: &mut ObjectWriter<'_, S>, settings: &Settings) {
    if let Some(credential) = settings.credential {
        object.member("credential").text(credential.word());
    }
}

/// `"environment"`.
pub(super) fn environment<S: Sink>(object: &mut ObjectWriter<'_, S>, settings: &Settings) {
    if let Some(name) = &settings.environment {
        object.member("environment").text(name);
    }
}

/// `"meta"`.
pub(super) fn meta<S: Sink>(object: &mut ObjectWriter<'_, S>, meta: &Meta) {
    if *meta == Meta::default() {
        return;
    }
    object.member("meta").object(|object| {
        if !meta.notes.is_empty() {
            object.member("notes").texts(meta.notes.iter().map(String::as_str));
        }
        if let Some(owner) = &meta.owner {
            object.member("owner").text(owner);
        }
    });
}

/// `"models"`.
pub(super) fn models<S: Sink>(object: &mut ObjectWriter<'_, S>, settings: &Settings) {
    let Some(models) = &settings.models else { return };
    object.member("models").object(|object| {
        if !models.allow.is_empty() {
            object.member("allow").array(|array| {
                for model in &models.allow {
                    array.item().object(|object| {
                        object.member("model").text(&model.name);
                        object.member("provider").text(&model.provider);
                    });
                }
            });
        }
        budget(object, models);
        if !models.providers.is_empty() {
            object.member("providers").texts(models.providers.iter().map(String::as_str));
        }
        if !models.redact.is_empty() {
            object.member("redact").array(|array| {
                for redaction in &models.redact {
                    array.item().object(|object| {
                        object.member("how").text(redaction.how.word());
                        object.member("path").text(&redaction.path.to_string());
                    });
                }
            });
        }
    });
}

fn budget<S: Sink>(object: &mut ObjectWriter<'_, S>, models: &Models) {
    if models.tokens.is_none() && models.cost.is_none() {
        return;
    }
    object.member("budget").object(|object| {
        if let Some(cost) = &models.cost {
            object.member("cost").object(|object| {
                object.member("currency").text(&cost.currency);
                object.member("minor_units").integer(cost.minor_units);
            });
        }
        if let Some(tokens) = models.tokens {
            object.member("tokens").integer(tokens);
        }
    });
}

/// `"on_change"`.
pub(super) fn on_change<S: Sink>(object: &mut ObjectWriter<'_, S>, settings: &Settings) {
    if settings.on_change != OnChange::default() {
        object.member("on_change").text(settings.on_change.word());
    }
}

/// `"requesters"`.
pub(super) fn requesters<S: Sink>(object: &mut ObjectWriter<'_, S>, settings: &Settings) {
    principals(object, "requesters", &settings.requesters);
}

/// `"sandbox"`: all of it, so that a reader need not know what is the default.
pub(super) fn sandbox<S: Sink>(object: &mut ObjectWriter<'_, S>, settings: &Settings) {
    let Some(Sandbox { network, filesystem, elevated }) = settings.sandbox else { return };
    object.member("sandbox").object(|object| {
        object.member("elevated").bool(elevated);
        object.member("filesystem").text(filesystem.word());
        object.member("network").text(network.word());
    });
}

/// `"valid"`.
pub(super) fn valid<S: Sink>(object: &mut ObjectWriter<'_, S>, valid: Validity) {
    if valid == Validity::default() {
        return;
    }
    object.member("valid").object(|object| {
        if let Some(from) = valid.from {
            object.member("from").integer(from);
        }
        if let Some(until) = valid.until {
            object.member("until").integer(until);
        }
    });
}

fn principals<S: Sink>(object: &mut ObjectWriter<'_, S>, name: &str, principals: &[Principal]) {
    if principals.is_empty() {
        return;
    }
    object.member(name).array(|array| principals.iter().for_each(|one| principal(array.item(), one)));
}

fn principal<S: Sink>(to: Writer<'_, S>, principal: &Principal) {
    to.object(|object| match principal {
        Principal::Did(did) => object.member("did").text(did),
        Principal::Name(name) => object.member("name").text(name),
    });
}

/// Words of the artifact and of the language, which are the same.
macro_rules! words {
    ($($of:ident { $($variant:ident = $word:literal),* })*) => {$(
        impl $of {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word for it, in the artifact and in the language.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What a word stands for.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    )*};
}

words! {
    Redact { Mask = "mask", Remove = "remove", Hash = "hash" }
    Network { None = "none", Outbound = "outbound" }
    Filesystem { None = "none", ReadOnly = "read_only", ReadWrite = "read_write" }
    Credential { Entra = "entra", SasEntity = "sas_entity", SasNamespace = "sas_namespace" }
    OnChange { Finish = "finish", Drain = "drain", Kill = "kill" }
}
