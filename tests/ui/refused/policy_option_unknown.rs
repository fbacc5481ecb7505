wpc::policy!("orders.wpc", parameters(host = "a"));

fn main() {}
