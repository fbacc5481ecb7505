//! Generated code names everything absolutely: every name it might use means something else in the
//! module where it lands.

#![deny(warnings)]

#[path = "../support/message.rs"]
mod message;

#[allow(dead_code, non_camel_case_types, clippy::all)]
mod hostile {
    ::wpc::policy!("../refused/orders.wpc");

    pub struct String {}
    pub struct Option {}
    pub struct Result {}
    pub struct Some {}
    pub struct None {}
    pub struct Ok {}
    pub struct Err {}
    pub struct Vec {}
    pub struct Box {}
    pub struct Clone {}
    pub struct Copy {}
    pub struct Default {}
    pub struct From {}
    pub struct Into {}
    pub struct Iterator {}
    pub struct Action {}
    pub struct Policy {}
    pub struct Place {}
    pub struct Ruling {}
    pub struct Truth {}
    pub struct bool {}
    pub struct u8 {}
    pub struct u32 {}
    pub struct u64 {}
    pub struct i64 {}
    pub struct usize {}
    pub struct str {}
    pub struct gate {}
    pub struct running {}
    pub mod core {}
    pub mod std {}
    pub mod alloc {}
    pub mod wpc {}

    #[allow(unused_macros)]
    macro_rules! include_bytes {
        () => {
            compile_error!("the user's own")
        };
    }
    #[allow(unused_macros)]
    macro_rules! matches {
        () => {
            compile_error!("the user's own")
        };
    }

    use super::message::Message;

    #[::wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
    pub fn send(message: ::wpc::Permitted<Message>) -> ::core::result::Result<Message, ::wpc::Refused> {
        message.release()
    }

    #[::wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
    pub async fn later(message: ::wpc::Permitted<Message>) -> ::core::result::Result<Message, ::wpc::Refused> {
        let running = message.release();
        running
    }
}

fn main() {
    let _ = (hostile::send, hostile::POLICY_HASH);
}
