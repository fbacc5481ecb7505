//! How clients write the address of a node.

/// The node that an address means: a bare path, or the path of a URI; lower-case, because Service
/// Bus compares names without regard to case.
///
/// Clients write `orders`, `amqps://host:5671/orders` or `sb://host/orders`, on plain TCP too.
pub(crate) fn node(address: &str) -> String {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => address,
    };
    path.trim_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::node;

    #[test]
    fn a_uri_and_a_bare_path_mean_the_same_node() {
        for address in ["Orders", "orders/", "sb://host/orders", "amqps://host:5671/ORDERS"] {
            assert_eq!(node(address), "orders", "{address}");
        }
        assert_eq!(node("sb://host"), "");
        assert_eq!(node("amqp://host/orders/$management"), "orders/$management");
    }
}
