wpc::policy!("orders.wpc", params(host = "not a host"));

fn main() {}
