//! What a policy demands of what surrounds its tools, for a reviewer.

use wpc_model::{
    Credential, Filesystem, Models, Network, OnChange, Principal, Redact, Sandbox, Settings, decimal_text,
    instant_text, minor_digits,
};

use crate::table::Table;
use wpc_viewer::plain;
use wpc_viewer::words::quoted;

/// One row for each demand; none for what says the default.
pub(super) fn table(settings: &Settings) -> Table {
    let mut table = Table::indented(2);
    rows(settings).into_iter().for_each(|(name, text)| table.row([name.to_owned(), text]));
    table
}

/// Each demand with its name; several may have the same.
pub(in crate::verb) fn rows(settings: &Settings) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &'static str, text: String| rows.push((name, text));
    if !settings.agents.is_empty() {
        row("agents", principals(&settings.agents));
    }
    if !settings.requesters.is_empty() {
        row("requesters", principals(&settings.requesters));
    }
    if let Some(from) = settings.valid.from {
        row("valid from", instant_text(from));
    }
    if let Some(until) = settings.valid.until {
        row("valid until", instant_text(until));
    }
    if let Some(models) = &settings.models {
        for (name, text) in self::models(models) {
            row(name, text);
        }
    }
    if let Some(sandbox) = settings.sandbox {
        row("sandbox", self::sandbox(sandbox));
    }
    if let Some(credential) = settings.credential {
        row("credential", self::credential(credential).to_owned());
    }
    if let Some(environment) = &settings.environment {
        row("environment", quoted(environment));
    }
    if settings.on_change != OnChange::default() {
        row("on change", on_change(settings.on_change).to_owned());
    }
    if let Some(owner) = &settings.meta.owner {
        row("owner", quoted(owner));
    }
    for note in &settings.meta.notes {
        row("note", quoted(note));
    }
    rows
}

fn principals(principals: &[Principal]) -> String {
    let one = |principal: &Principal| match principal {
        Principal::Did(did) => plain(did).into_owned(),
        Principal::Name(name) => quoted(name),
    };
    principals.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn models(models: &Models) -> Vec<(&'static str, String)> {
    let single =
        models.allow.iter().map(|model| plain(&format!("{}/{}", model.provider, model.name)).into_owned());
    let whole = models.providers.iter().map(|provider| format!("every model of {}", plain(provider)));
    let mut rows = vec![("models", single.chain(whole).collect::<Vec<_>>().join("\n"))];
    if let Some(tokens) = models.tokens {
        rows.push(("tokens", format!("at most {tokens} per job")));
    }
    if let Some(cost) = &models.cost {
        let amount = decimal_text(cost.minor_units, minor_digits(&cost.currency));
        rows.push(("cost", format!("at most {amount} {} per job", plain(&cost.currency))));
    }
    for redaction in &models.redact {
        let how = match redaction.how {
            Redact::Mask => "masked",
            Redact::Remove => "removed",
            Redact::Hash => "hashed",
        };
        rows.push(("redacted", format!("{} is {how}", plain(&redaction.path.to_string()))));
    }
    rows
}

fn sandbox(sandbox: Sandbox) -> String {
    let network = match sandbox.network {
        Network::None => "no network",
        Network::Outbound => "connections that it opens",
    };
    let filesystem = match sandbox.filesystem {
        Filesystem::None => "no files of the host",
        Filesystem::ReadOnly => "reads the workspace",
        Filesystem::ReadWrite => "reads and writes the workspace",
    };
    let elevated = if sandbox.elevated { "may be left where a person agrees" } else { "never left" };
    format!("{network}; {filesystem}; {elevated}")
}

const fn credential(credential: Credential) -> &'static str {
    match credential {
        Credential::Entra => "a role of Microsoft Entra ID",
        Credential::SasEntity => "a shared access signature for one entity",
        Credential::SasNamespace => "a shared access signature for the whole namespace",
    }
}

pub(in crate::verb) const fn on_change(on_change: OnChange) -> &'static str {
    match on_change {
        OnChange::Finish => "running jobs end under this policy",
        OnChange::Drain => "running jobs begin no more calls",
        OnChange::Kill => "running jobs stop at once",
    }
}
