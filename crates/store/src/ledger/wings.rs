//! The list of the wings.

use super::{catalogue, customers, orders, outbox, pos, sales, stock, wing::Wing};

/// Every wing, in the order in which they load and keep their rows.
pub(super) const WINGS: [Wing; 7] =
    [customers::WING, catalogue::WING, stock::WING, sales::WING, orders::WING, pos::WING, outbox::WING];
