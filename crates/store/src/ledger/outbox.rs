//! Messages that are to be delivered once their decision is kept, and the audit log: written in the same transaction, read by no rule.

use super::{
    failure::LedgerResult,
    rows::actor_columns,
    wing::{DecidedBatch, Wing},
};
use crate::{
    bulk::{Writes, insertable_rows},
    types::{At, Id},
};
use tradepost_domain::ledger::Effects;

pub(super) const WING: Wing = Wing { load: |_, _, _| Ok(()), persist };

insertable_rows! {
    /// Something that somebody outside is to be told.
    MessageRow<'a> in messages {
        id: Id,
        name: &'a str,
        order_id: Id,
        customer_id: Id,
        occurred_at: At,
    }
    /// Who did what to which thing, where no document and no movement says so.
    AuditRow<'a> in audit_log {
        id: Id,
        actor_type: &'a str,
        actor_id: Option<Id>,
        action: &'a str,
        subject_type: &'a str,
        subject_id: Id,
        at: At,
    }
}

fn persist<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    let messages = batch.effects.iter().flat_map(|effects| {
        // The wings keep their own; names are for the answer.
        let Effects { catalogue: _, stock: _, sales: _, orders: _, pos: _, messages, audit: _, names: _ } = effects;
        messages
    });
    let messages = messages.map(|message| MessageRow {
        id: message.id.into(),
        name: message.name,
        order_id: message.order.into(),
        customer_id: message.customer.into(),
        occurred_at: message.occurred_at.into(),
    });
    writes.insert(messages.collect())?;
    let entries = batch.effects.iter().flat_map(|effects| &effects.audit).map(|entry| {
        let (actor_type, actor_id) = actor_columns(entry.actor);
        AuditRow {
            id: entry.id.into(),
            actor_type,
            actor_id,
            action: entry.action,
            subject_type: entry.subject_type,
            subject_id: Id(entry.subject_id),
            at: entry.at.into(),
        }
    });
    writes.insert(entries.collect())?;
    Ok(())
}
