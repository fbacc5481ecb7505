wpc::policy!("problem_elsewhere.wpc");

fn main() {}
