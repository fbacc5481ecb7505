//! As whom the client logs in: secrets come from files or the environment, never from arguments.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use azure_core::credentials::{Secret, TokenCredential};
use azure_identity::{
    ClientSecretCredential, DeveloperToolsCredential, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use clap::ValueEnum;
use wpc_model::{Credential, Policy};
use wpc_service_bus::SasKey;

use crate::failure::Failure;
use crate::{input, stand};

/// Longest secret that is read, in bytes.
const MAX_SECRET_BYTES: usize = 4 << 10;

#[derive(Debug, clap::Args)]
#[group(id = "logging_in")]
pub(crate) struct Login {
    /// How to log in; as the machine's managed identity if nothing is said
    #[arg(long, value_enum, value_name = "HOW")]
    login: Option<How>,
    /// The identity's client id; AZURE_CLIENT_ID if none is given
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The identity's tenant; AZURE_TENANT_ID if none is given
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,
    /// The client's secret or the shared access key; AZURE_CLIENT_SECRET if none is given
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// The authorization rule whose key it is
    #[arg(long, value_name = "NAME")]
    sas_rule: Option<String>,
    /// The queue or topic whose key it is, `queue:orders`; the whole namespace's if none is given
    #[arg(long, value_name = "KIND:NAME", requires = "sas_rule")]
    sas_entity: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum How {
    /// What the machine or its container is in Azure
    ManagedIdentity,
    /// What a Kubernetes service account stands for
    WorkloadIdentity,
    /// An application with a secret
    ClientSecret,
    /// Whoever `az login` or `azd auth login` says you are
    DeveloperTools,
    /// Whoever has a shared access key: only where the policy says so
    SasKey,
}

/// As whom to connect.
pub(crate) enum Who {
    /// Somebody whom Microsoft Entra knows.
    Entra(Arc<dyn TokenCredential>),
    /// Whoever has the key.
    Sas(SasKey),
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entra(_) => "Entra",
            Self::Sas(_) => "Sas",
        })
    }
}

impl Login {
    /// The file with a secret, if there is one.
    pub(crate) const fn file(&self) -> Option<&PathBuf> {
        self.secret.as_ref()
    }

    /// As whom to connect under a policy.
    pub(crate) fn who(&self, policy: &Policy) -> Result<Who, Failure> {
        let how = self.login.unwrap_or(How::ManagedIdentity);
        let own = match (how, &self.sas_entity) {
            (How::SasKey, Some(_)) => Credential::SasEntity,
            (How::SasKey, None) => Credential::SasNamespace,
            _ => Credential::Entra,
        };
        fits(own, policy)?;
        let failed = |error: azure_core::Error| {
            Failure::environment("no_token", format!("cannot log in: {error}"))
                .help("see that the identity of `--login` is there and may be used here")
                .cause(&error)
        };
        let credential: Arc<dyn TokenCredential> = match how {
            How::ManagedIdentity => {
                let client_id = self.client_id.clone().or_else(|| variable("AZURE_CLIENT_ID"));
                let user_assigned_id = client_id.map(UserAssignedId::ClientId);
                let options = ManagedIdentityCredentialOptions { user_assigned_id, ..Default::default() };
                ManagedIdentityCredential::new(Some(options)).map_err(failed)?
            }
            How::WorkloadIdentity => {
                let options = WorkloadIdentityCredentialOptions {
                    client_id: self.client_id.clone(),
                    tenant_id: self.tenant_id.clone(),
                    ..Default::default()
                };
                WorkloadIdentityCredential::new(Some(options)).map_err(failed)?
            }
            How::ClientSecret => {
                let tenant = needed(&self.tenant_id, "AZURE_TENANT_ID", "--tenant-id")?;
                let client = needed(&self.client_id, "AZURE_CLIENT_ID", "--client-id")?;
                let secret = Secret::new(self.secret(Some("AZURE_CLIENT_SECRET"))?);
                ClientSecretCredential::new(&tenant, client, secret, None).map_err(failed)?
            }
            How::DeveloperTools => DeveloperToolsCredential::new(None).map_err(failed)?,
            How::SasKey => return self.key().map(Who::Sas),
        };
        Ok(Who::Entra(credential))
    }

    fn key(&self) -> Result<SasKey, Failure> {
        let usage = |message: &str, help: &str| Failure::environment("usage", message).help(help);
        let rule = self.sas_rule.as_deref().ok_or_else(|| {
            usage("a shared access key is a rule's", "name the authorization rule with `--sas-rule`")
        })?;
        let key = self.secret(None)?;
        let Some(entity) = &self.sas_entity else { return Ok(SasKey::of_namespace(rule, key)) };
        let of = match entity.split_once(':') {
            Some(("queue", name)) => SasKey::of_queue(name, rule, key),
            Some(("topic", name)) => SasKey::of_topic(name, rule, key),
            _ => {
                let help = "write `queue:NAME` or `topic:NAME`";
                return Err(usage("a shared access key is a queue's or a topic's", help));
            }
        };
        of.map_err(|error| {
            Failure::environment("invalid_name", error.to_string())
                .help("give the entity's name")
                .cause(&error)
        })
    }

    /// The secret, without the line feed that an editor put behind it.
    fn secret(&self, variable_name: Option<&str>) -> Result<String, Failure> {
        let Some(path) = &self.secret else {
            return variable_name.and_then(variable).ok_or_else(|| {
                let help = match variable_name {
                    Some(name) => format!("give a file with `--secret`, or set {name}"),
                    None => "give a file with `--secret`".to_owned(),
                };
                Failure::environment("usage", "the secret is missing").help(help)
            });
        };
        // However it is served: who can read the secret needs no gate.
        wpc_mcp::check_closed(path).map_err(|error| stand::open(&error))?;
        Ok(input::text(path, "secret", MAX_SECRET_BYTES)?.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// As the client compares at every call; found before anything is connected.
fn fits(own: Credential, policy: &Policy) -> Result<(), Failure> {
    let mut demanded = policy.layers().filter_map(|layer| layer.settings.credential);
    let first = demanded.next().unwrap_or(Credential::Entra);
    if first == own && demanded.all(|other| other == own) {
        return Ok(());
    }
    Err(Failure::no("credential_not_allowed", "the policy does not let the client log in like this")
        .help("log in as the policy says; without a word of it, to Microsoft Entra ID"))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn needed(given: &Option<String>, name: &str, option: &str) -> Result<String, Failure> {
    given.clone().or_else(|| variable(name)).ok_or_else(|| {
        Failure::environment("usage", format!("{name} is not set"))
            .help(format!("give `{option}`, or set it"))
    })
}
