//! `under path` and `under domain`: by whole segments and labels.

/// Whether `path` is `of` or below it. Both are absolute and normalised
/// ([`check_path`](crate::check_path)).
///
/// ```
/// use wpc_model::is_under_path;
/// assert!(is_under_path("/srv/data", "/srv/data") && is_under_path("/srv/data/x", "/srv/data"));
/// assert!(!is_under_path("/srv/database", "/srv/data"));
/// assert!(is_under_path("/anything", "/"));
/// ```
#[must_use]
pub fn is_under_path(path: &str, of: &str) -> bool {
    match path.strip_prefix(of) {
        Some(rest) => rest.is_empty() || of == "/" || rest.starts_with('/'),
        None => false,
    }
}

/// Whether `host` is `of` or a subdomain of it. Both are lower-case hosts
/// ([`check_host`](crate::check_host)).
///
/// ```
/// use wpc_model::is_under_domain;
/// assert!(is_under_domain("example.com", "example.com") && is_under_domain("a.example.com", "example.com"));
/// assert!(!is_under_domain("notexample.com", "example.com"));
/// ```
#[must_use]
pub fn is_under_domain(host: &str, of: &str) -> bool {
    match host.strip_suffix(of) {
        Some(rest) => rest.is_empty() || rest.ends_with('.'),
        None => false,
    }
}
