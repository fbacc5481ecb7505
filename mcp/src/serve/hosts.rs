//! By which names a server may be called, so that no page in a browser reaches a gate on loopback.

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use wpc::callers::Refusal;

/// Names of this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The names of one server.
#[derive(Clone, Debug)]
pub(super) struct Hosts(Vec<(String, Option<u16>)>);

impl Hosts {
    /// `hosts` and those of loopback; without a port, any port will do.
    pub(super) fn new(hosts: &[String]) -> Self {
        let hosts = hosts.iter().filter_map(|host| host.parse::<Authority>().ok());
        let loopback = LOOPBACK.map(|host| (host.to_owned(), None));
        Self(loopback.into_iter().chain(hosts.map(|host| named(&host))).collect())
    }

    /// Refuses a request for another host, and whatever a browser sends from a page.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), Refusal> {
        let mut said = parts.headers.get_all(HOST).iter();
        let host = match (said.next(), said.next()) {
            (Some(host), None) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
            (None, _) => parts.uri.authority().cloned(),
            (Some(_), Some(_)) => None,
        };
        let (name, port) = host
            .map(|host| named(&host))
            .ok_or_else(|| Refusal::new("host_not_allowed", "the request does not name one host"))?;
        let is = |(host, of): &(String, Option<u16>)| *host == name && (of.is_none() || *of == port);
        if !self.0.iter().any(is) {
            return Err(Refusal::new("host_not_allowed", "this server is not called by that name"));
        }
        if parts.headers.contains_key(ORIGIN) {
            return Err(Refusal::new("origin_not_allowed", "pages of browsers are not served"));
        }
        Ok(())
    }
}

fn named(host: &Authority) -> (String, Option<u16>) {
    (host.host().trim_matches(['[', ']']).to_ascii_lowercase(), host.port_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &[&str], headers: &[(&str, &str)]) -> Option<&'static str> {
        let mut request = http::Request::builder().uri("/mcp");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        Hosts::new(&hosts).check(&parts).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_server_is_called_by_its_names_and_by_no_page() {
        let gate = ["gate.example", "other.example:8128"];
        for host in [
            "127.0.0.1:1",
            "LocalHost",
            "[::1]:8128",
            "gate.example",
            "Gate.Example:99",
            "other.example:8128",
        ] {
            assert_eq!(check(&gate, &[("host", host)]), None, "{host}");
            let page = [("host", host), ("origin", "http://127.0.0.1:1")];
            assert_eq!(check(&gate, &page), Some("origin_not_allowed"), "{host}");
        }
        for host in [
            "evil.example",
            "other.example",
            "other.example:1",
            "gate.example.evil",
            "",
            "a b",
            "gate.example@evil",
        ] {
            assert_eq!(check(&gate, &[("host", host)]), Some("host_not_allowed"), "{host}");
        }
        assert_eq!(check(&gate, &[]), Some("host_not_allowed"));
        assert_eq!(
            check(&gate, &[("host", "localhost"), ("host", "evil.example")]),
            Some("host_not_allowed")
        );
        assert_eq!(check(&gate, &[("host", "localhost"), ("origin", "null")]), Some("origin_not_allowed"));
    }
}
