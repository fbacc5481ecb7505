wpc::policy!("two_problems.wpc");

fn main() {}
