//! What the rules read of customers. No command changes them.

use super::shelf::shelves;
use crate::ids::CustomerId;

/// What documents show of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct CustomerSummary {
    /// A person or a company.
    pub name: String,
    /// Unique without regard to case; kept when the rest is erased.
    pub code: String,
    /// Their data was erased: nothing new is written down for them.
    pub is_erased: bool,
}

shelves! {
    /// Customers by id, erased ones too.
    summaries: CustomerId => CustomerSummary, Unlocked;
}
