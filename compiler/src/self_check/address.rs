//! E-mail addresses and urls with given parts.

use wpc_model::{Type, Value};

/// An address without anything special.
pub(super) fn plain(ty: &Type) -> Option<&'static str> {
    if *ty == Type::Email {
        Some("some@some")
    } else if *ty == Type::Url {
        Some("https://some/")
    } else {
        None
    }
}

/// `address` with another part; `None` if it has no such part.
pub(super) fn with(address: &str, part: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Sealed(_) => return None,
    };
    if let Some((local, domain)) = address.split_once('@') {
        return match part {
            "local" => Some(format!("{text}@{domain}")),
            "domain" => Some(format!("{local}@{text}")),
            _ => None,
        };
    }
    let (scheme, rest) = address.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    match part {
        "scheme" => Some(format!("{text}://{host}{port}/{path}")),
        "host" => Some(format!("{scheme}://{text}{port}/{path}")),
        "port" => Some(format!("{scheme}://{host}:{text}/{path}")),
        "path" => Some(format!("{scheme}://{host}{port}/{}", text.trim_start_matches('/'))),
        _ => None,
    }
}
