//! Where the server is, and how it is talked to.

use std::env::{self, VarError};
use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::ledger::LedgerError;

/// The URL, before any variable of libpq.
const URL: &str = "WPC_POSTGRES_URL";
/// How long it may take to connect, where the address says nothing.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection over which nothing was heard for so long is asked whether anybody is there: a server whose machine
/// is gone says no goodbye.
const QUIET: Duration = Duration::from_secs(10);
/// How often it is asked, and how long apart.
const ASKED: u32 = 3;
const APART: Duration = Duration::from_secs(5);
/// How long what was sent may wait for the other machine to have it.
const UNHEARD: Duration = Duration::from_secs(20);
/// What the driver takes where nobody says otherwise.
const TWO_HOURS: Duration = Duration::from_secs(2 * 60 * 60);
/// Connections of one process, where nobody says otherwise.
const CONNECTIONS: usize = 4;

/// Where a ledger's PostgreSQL server is. Its text never shows a password.
///
/// TLS is required, and the server's certificate and name are checked, unless the server is on this machine: a unix
/// socket, `localhost` or a loopback address. There TLS is used if `sslmode=require` asks for it.
///
/// Of several hosts the first that takes writes is the server: after a failover that is the one that was promoted.
#[derive(Clone)]
pub struct PostgresConfig {
    config: Config,
    roots: Option<PathBuf>,
    connections: usize,
}

impl PostgresConfig {
    /// From a URL or a list of `key=value`, as [libpq reads them][uri]. What it lacks is taken from libpq's
    /// environment variables, as in [`PostgresConfig::from_env`]; but where it names a host and no port, that is 5432.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Address`] if it is neither, and [`LedgerError::Insecure`] if it forbids TLS to another
    /// machine. Neither repeats any of it.
    ///
    /// # Example
    ///
    /// ```
    /// use wpc::ledger::PostgresConfig;
    ///
    /// let config = PostgresConfig::from_url("postgresql://gate:secret@db.example/ledgers")?;
    /// assert_eq!(config.to_string(), "postgresql://db.example:5432/ledgers");
    /// let plain = PostgresConfig::from_url("postgresql://db.example/ledgers?sslmode=disable");
    /// assert_eq!(plain.unwrap_err().code(), "ledger_insecure");
    /// # Ok::<_, wpc::LedgerError>(())
    /// ```
    ///
    /// [uri]: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
    pub fn from_url(url: &str) -> Result<Self, LedgerError> {
        // The parser's error may quote a part of a password.
        let config = Config::from_str(url).map_err(|_| address("it is not a PostgreSQL URL"))?;
        Self::complete(config)
    }

    /// From the environment: a URL in `WPC_POSTGRES_URL`, and whatever that lacks from libpq's `PGHOST PGHOSTADDR
    /// PGPORT PGUSER PGPASSWORD PGDATABASE PGOPTIONS PGAPPNAME PGSSLMODE PGSSLROOTCERT`.
    ///
    /// # Errors
    ///
    /// As [`PostgresConfig::from_url`], and if nothing says where the server is.
    pub fn from_env() -> Result<Self, LedgerError> {
        match variable(URL)? {
            Some(url) => Self::from_url(&url),
            None => Self::complete(Config::new()),
        }
    }

    /// As it is, but with as many connections at most: appends to different jobs run at the same time on
    /// different connections. At least one, by default four.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        Self { connections: connections.max(1), ..self }
    }

    fn complete(mut config: Config) -> Result<Self, LedgerError> {
        let number = |name: &str, text: String| {
            text.parse::<u16>().map_err(|_| address(&format!("{name} is not a port")))
        };
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            if let Some(host) = variable("PGHOST")? {
                config.host(host);
            }
            if let Some(host) = variable("PGHOSTADDR")? {
                config.hostaddr(host.parse::<IpAddr>().map_err(|_| address("PGHOSTADDR is not an address"))?);
            }
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(address("it names no host: set WPC_POSTGRES_URL or PGHOST"));
        }
        if config.get_ports().is_empty()
            && let Some(port) = variable("PGPORT")?
        {
            config.port(number("PGPORT", port)?);
        }
        if config.get_user().is_none()
            && let Some(user) = variable("PGUSER")?
        {
            config.user(user);
        }
        if config.get_password().is_none()
            && let Some(password) = variable("PGPASSWORD")?
        {
            config.password(password);
        }
        if config.get_dbname().is_none()
            && let Some(database) = variable("PGDATABASE")?
        {
            config.dbname(database);
        }
        if config.get_options().is_none()
            && let Some(options) = variable("PGOPTIONS")?
        {
            config.options(options);
        }
        if config.get_application_name().is_none() {
            config.application_name(variable("PGAPPNAME")?.unwrap_or_else(|| "wpc".to_owned()));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        // Of several hosts the one that takes writes: what a standby says may be old.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_keepalives_idle() == TWO_HOURS {
            config.keepalives_idle(QUIET).keepalives_interval(APART).keepalives_retries(ASKED);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNHEARD);
        }
        if config.get_ssl_mode() == SslMode::Prefer {
            match variable("PGSSLMODE")?.as_deref() {
                None | Some("prefer" | "allow") => {}
                Some("disable") => drop(config.ssl_mode(SslMode::Disable)),
                Some("require" | "verify-ca" | "verify-full") => drop(config.ssl_mode(SslMode::Require)),
                Some(_) => return Err(address("PGSSLMODE is none of libpq's modes")),
            }
        }
        match (is_local(&config), config.get_ssl_mode()) {
            (true, SslMode::Require) | (false, SslMode::Require) => {}
            (false, SslMode::Disable) => return Err(LedgerError::Insecure),
            // To prefer TLS is to do without when somebody in between says so.
            (false, _) => drop(config.ssl_mode(SslMode::Require)),
            (true, _) => drop(config.ssl_mode(SslMode::Disable)),
        }
        let roots = variable("PGSSLROOTCERT")?.map(PathBuf::from);
        Ok(Self { config, roots, connections: CONNECTIONS })
    }

    /// As it is, but with any server that answers: a standby will do for who only reads.
    pub(super) fn reading(mut self) -> Self {
        self.config.target_session_attrs(TargetSessionAttrs::Any);
        self
    }

    /// Each of its servers alone, in their order: one that hangs must not keep the next from being asked. A list that
    /// the driver would refuse is left to it.
    pub(super) fn each(&self) -> Vec<Config> {
        let (hosts, addresses, ports) =
            (self.config.get_hosts(), self.config.get_hostaddrs(), self.config.get_ports());
        let count = hosts.len().max(addresses.len());
        let fits = |many: usize| many == 0 || many == count;
        if count < 2
            || !fits(hosts.len())
            || !fits(addresses.len())
            || !(fits(ports.len()) || ports.len() == 1)
        {
            return vec![self.config.clone()];
        }
        let one = |at: usize| {
            let mut one = self.without_servers();
            match hosts.get(at) {
                Some(Host::Tcp(name)) => drop(one.host(name)),
                #[cfg(unix)]
                Some(Host::Unix(path)) => drop(one.host_path(path)),
                None => {}
            }
            if let Some(address) = addresses.get(at) {
                one.hostaddr(*address);
            }
            if let Some(port) = ports.get(at).or_else(|| ports.first()) {
                one.port(*port);
            }
            one
        };
        (0..count).map(one).collect()
    }

    /// All that is said but where the servers are.
    fn without_servers(&self) -> Config {
        let (from, mut to) = (&self.config, Config::new());
        if let Some(user) = from.get_user() {
            to.user(user);
        }
        if let Some(password) = from.get_password() {
            to.password(password);
        }
        if let Some(database) = from.get_dbname() {
            to.dbname(database);
        }
        if let Some(options) = from.get_options() {
            to.options(options);
        }
        if let Some(name) = from.get_application_name() {
            to.application_name(name);
        }
        if let Some(within) = from.get_connect_timeout() {
            to.connect_timeout(*within);
        }
        if let Some(within) = from.get_tcp_user_timeout() {
            to.tcp_user_timeout(*within);
        }
        if let Some(apart) = from.get_keepalives_interval() {
            to.keepalives_interval(apart);
        }
        if let Some(asked) = from.get_keepalives_retries() {
            to.keepalives_retries(asked);
        }
        to.ssl_mode(from.get_ssl_mode())
            .ssl_negotiation(from.get_ssl_negotiation())
            .keepalives(from.get_keepalives())
            .keepalives_idle(from.get_keepalives_idle())
            .target_session_attrs(from.get_target_session_attrs())
            .channel_binding(from.get_channel_binding());
        to
    }

    /// As the driver takes it, for other stores in the same database.
    #[must_use]
    pub const fn driver(&self) -> &Config {
        &self.config
    }

    pub(super) const fn most(&self) -> usize {
        self.connections
    }

    /// What checks the server's certificate: the machine's roots, and those in `PGSSLROOTCERT`. `None` where the
    /// server is on this machine and nobody asked for TLS.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Address`] if those certificates cannot be read.
    pub fn tls(&self) -> Result<Option<MakeRustlsConnect>, LedgerError> {
        if self.config.get_ssl_mode() == SslMode::Disable {
            return Ok(None);
        }
        let provider = Arc::new(ring::default_provider());
        let mut extra = Vec::new();
        if let Some(path) = &self.roots {
            let unreadable = || address("PGSSLROOTCERT names no file of certificates");
            let text = fs::read(path).map_err(|_| unreadable())?;
            extra =
                CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|_| unreadable())?;
            if extra.is_empty() {
                return Err(unreadable());
            }
        }
        let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
            .map_err(|error| address(&error.to_string()))?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| address(&error.to_string()))?;
        let verified = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(Some(MakeRustlsConnect::new(verified.with_no_client_auth())))
    }

    /// As a place, for errors.
    pub(super) fn place(&self) -> PathBuf {
        PathBuf::from(self.to_string())
    }
}

/// The server and its database, without who connects.
impl fmt::Display for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgresql://")?;
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
        let addresses = self.config.get_hostaddrs().iter().map(ToString::to_string);
        let mut names: Vec<_> = hosts.collect();
        if names.is_empty() {
            names = addresses.collect();
        }
        f.write_str(&names.join(","))?;
        let ports: Vec<_> = self.config.get_ports().iter().map(ToString::to_string).collect();
        if !ports.is_empty() {
            write!(f, ":{}", ports.join(","))?;
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresConfig({self})")
    }
}

/// Whether what is said to the server stays on this machine.
fn is_local(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

fn variable(name: &str) -> Result<Option<String>, LedgerError> {
    match env::var(name) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(address(&format!("{name} is not Unicode"))),
    }
}

fn address(cause: &str) -> LedgerError {
    LedgerError::Address { cause: cause.to_owned() }
}
