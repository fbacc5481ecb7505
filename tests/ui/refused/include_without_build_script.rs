wpc::include_policy!("orders");

fn main() {}
