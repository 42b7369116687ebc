//! What may be done with what tills report. Nothing is decided in here.

use crate::{
    ids::{PosConnectionId, PosEventId, ProductId},
    pos::WebhookDelivery,
};
use std::sync::Arc;

/// What somebody wants done with what a till reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
pub enum Command {
    /// Apply what a till reports, once.
    Apply(Arc<WebhookDelivery>),
    /// Judge a refused or held delivery again.
    Retry {
        /// The delivery that is meant, by our id of it.
        id: PosEventId,
    },
    /// Decide that a refused or held delivery shall not be applied.
    Dismiss {
        /// The delivery that is meant, by our id of it.
        id: PosEventId,
        /// Why, up to 500 characters.
        reason: Option<String>,
    },
    /// Say which of our products a till's product is; deliveries that waited for it are judged again, in order.
    Map {
        /// The connection of the till.
        connection: PosConnectionId,
        /// The till's id of it.
        external_id: String,
        /// The product of ours that it is.
        product: ProductId,
    },
    /// Forget which product of ours a till's product is; what it led to stays.
    Unmap {
        /// The connection of the till.
        connection: PosConnectionId,
        /// The till's id of it.
        external_id: String,
    },
}

impl Command {
    pub(in crate::ledger) fn lines(&self) -> usize {
        match self {
            Self::Apply(delivery) => delivery.lines.len(),
            Self::Retry { .. } | Self::Dismiss { .. } | Self::Map { .. } | Self::Unmap { .. } => 1,
        }
    }
}
