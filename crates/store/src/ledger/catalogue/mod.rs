//! Products: loading and keeping them.

mod load;
mod persist;
mod rows;

use super::wing::Wing;

pub(super) const WING: Wing = Wing { load: load::load, persist: persist::persist };
