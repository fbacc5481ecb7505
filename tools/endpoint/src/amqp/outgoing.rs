//! What goes to clients: replies, and messages for which they gave credit.

use super::connection::{Connection, Ending};
use super::link::{Carries, Link, Unsettled};
use super::session::LinkFlow;
use crate::Delivering;
use crate::broker::{Delivery, Mode};
use crate::wire::performative::error;

impl Connection {
    /// Writes all that can be written now.
    pub(super) fn pump(&mut self) {
        let links: Vec<(u16, u32)> = self
            .sessions
            .iter()
            .flat_map(|(&channel, session)| session.links.keys().map(move |&handle| (channel, handle)))
            .collect();
        for (channel, handle) in links {
            while self.ending.is_none() && self.send_one(channel, handle) {}
        }
    }

    /// Sends one thing on a link; whether there may be more.
    fn send_one(&mut self, channel: u16, handle: u32) -> bool {
        let (max_frame, broker) = (self.max_frame, &self.broker);
        let Some(session) = self.sessions.get_mut(&channel) else { return false };
        let Some(Link::ToClient(link)) = session.links.get_mut(&handle) else { return false };
        if link.credit == 0 {
            return false;
        }
        match &mut link.carries {
            Carries::Replies { waiting, .. } => {
                let Some(reply) = waiting.pop_front() else { return false };
                link.sent();
                let tag = link.delivery_count.to_be_bytes();
                session.transfer(&mut self.out, handle, &tag, true, &reply, max_frame);
                true
            }
            Carries::Messages { mode, session: id } => {
                let (mode, id) = (*mode, id.clone());
                let (at, delivered) = (link.node.clone(), link.delivered);
                match broker.delivering(&at) {
                    Delivering::Nothing => return false,
                    Delivering::Detach { after } if delivered >= after => {
                        let why = error("amqp:link:detach-forced", "told to detach");
                        self.force_detach(channel, handle, why);
                        return false;
                    }
                    Delivering::Close { after } if delivered >= after => {
                        self.close("amqp:connection:forced", "told to close");
                        return false;
                    }
                    Delivering::Cut { after } if delivered >= after => {
                        // Half of a transfer's frame.
                        self.out.extend([0, 0, 1, 0, 2, 0, 0, 0, 0, 0x53, 0x14, 0xc0]);
                        self.ending = Some(Ending::Cut);
                        return false;
                    }
                    Delivering::Normal
                    | Delivering::Refuse
                    | Delivering::Detach { .. }
                    | Delivering::Close { .. }
                    | Delivering::Cut { .. } => {}
                }
                if let Some(id) = &id
                    && !broker.holds_session(&at, id, link.holder)
                {
                    let why = error("com.microsoft:session-lock-lost", "the session's lock is gone");
                    self.force_detach(channel, handle, why);
                    return false;
                }
                // The window is looked at before a message is taken: half of the room of the largest frame.
                if session.remote_window < 64 {
                    return false;
                }
                let Some(Delivery { token, bytes }) = broker.next(&at, mode, id.as_deref()) else {
                    if link.drain {
                        link.drained();
                        let flow =
                            LinkFlow { handle, delivery_count: link.delivery_count, credit: 0, drain: true };
                        session.flow(&mut self.out, Some(flow));
                    }
                    return false;
                };
                link.sent();
                let is_settled = mode == Mode::Delete;
                let delivery = session.transfer(&mut self.out, handle, &token, is_settled, &bytes, max_frame);
                if !is_settled {
                    session.unsettled.insert(delivery, Unsettled { node: at, token });
                }
                true
            }
        }
    }
}

impl super::link::Outgoing {
    fn sent(&mut self) {
        self.credit = self.credit.saturating_sub(1);
        self.delivery_count = self.delivery_count.wrapping_add(1);
        self.delivered = self.delivered.saturating_add(1);
    }

    /// All credit is used up, as a drain demands.
    fn drained(&mut self) {
        self.delivery_count = self.delivery_count.wrapping_add(self.credit);
        self.credit = 0;
        self.drain = false;
    }
}
