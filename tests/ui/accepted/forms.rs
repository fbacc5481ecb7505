//! Every form of an annotated function.

#![deny(warnings)]

#[path = "../support/message.rs"]
mod message;
mod orders {
    wpc::policy!("../refused/orders.wpc", params(host = "contoso-prod.servicebus.windows.net"));
}
mod receive {
    wpc::policy!("../refused/receive.wpc");
}

use message::Message;
use orders::azure_service_bus::{self, queue};
use wpc::{Gate, Permit, Permitted, Refused};

#[derive(Debug)]
pub enum Failed {
    Refused(Refused),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

type Answer<T> = Result<T, Failed>;

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
pub fn by_value(message: Permitted<Message>) -> Answer<usize> {
    Ok(message.release()?.body.len())
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
pub async fn later(messages: Permitted<Vec<Message>>) -> Answer<usize> {
    Ok(messages.release()?.len())
}

#[wpc::tool(azure_service_bus::Send, to = queue(name))]
pub async fn by_name(name: queue::Name, message: Permitted<Message>) -> Answer<usize> {
    Ok(message.release()?.body.len())
}

#[wpc::tool(receive::azure_service_bus::Receive, from = queue("orders-in"), with(mode = peek_lock))]
pub async fn take<T: Default>(into: &mut Vec<T>, messages: u64, permit: Permit) -> Answer<u64> {
    permit.release()?;
    into.push(T::default());
    Ok(messages)
}

#[wpc::tool(receive::azure_service_bus::Complete, on = subscription("events", "audit"))]
pub fn settle(messages: u64, permit: Permit) -> Answer<u64> {
    permit.release()?;
    Ok(messages)
}

pub struct Publisher {
    gate: Gate<orders::Orders>,
    sent: Vec<Message>,
}

impl Publisher {
    #[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"), gate = self.gate)]
    pub fn publish(&self, message: Permitted<Message>) -> Answer<usize> {
        message.release()?;
        Ok(self.sent.len())
    }

    #[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
    pub async fn keep(&mut self, message: Permitted<Message>) -> Answer<usize> {
        self.sent.push(message.release()?);
        Ok(self.sent.len())
    }
}

#[allow(async_fn_in_trait)]
pub trait Publish {
    async fn send(&self, message: Message) -> Answer<usize>;
}

impl Publish for Publisher {
    #[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"), gate = self.gate)]
    async fn send(&self, message: Permitted<Message>) -> Answer<usize> {
        Ok(message.release()?.body.len())
    }
}

pub async fn callers(gate: &Gate<orders::Orders>, other: &Gate<receive::Receive>) -> Answer<()> {
    by_value(gate, Message::default())?;
    later(gate, vec![Message::default()]).await?;
    if let Ok(name) = queue::Name::parse("orders-staging") {
        by_name(gate, name, Message::default()).await?;
    }
    take(other, &mut vec![0_u8], 10).await?;
    settle(other, 1)?;
    Ok(())
}

fn main() {}
