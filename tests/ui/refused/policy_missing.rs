wpc::policy!("no_such.wpc");

fn main() {}
