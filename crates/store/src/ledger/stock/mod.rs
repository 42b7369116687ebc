//! Levels, locations and movements: loading and keeping them.

mod levels;
mod load;
mod persist;
mod rows;

pub(super) use levels::make as make_levels;
pub(super) use rows::MovementRow;

use super::wing::Wing;

pub(super) const WING: Wing = Wing { load: load::load, persist: persist::persist };
