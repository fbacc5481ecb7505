wpc::policy!("orders.wpc", params(hots = "contoso-prod.servicebus.windows.net"));

fn main() {}
