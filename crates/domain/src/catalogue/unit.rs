//! What quantities of a product are counted in, and which of them fit.

use crate::{
    field_errors::FieldErrors,
    quantity::{self, Delta, MAX_DECIMALS, Quantity},
    text::{self, limits},
};
use std::fmt;

/// What quantities of a product are counted in. Fixed once stock has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    name: String,
    decimals: u8,
}

impl Unit {
    /// The unit `each`, without decimals.
    pub fn each() -> Self {
        Self { name: "each".to_owned(), decimals: 0 }
    }

    /// A unit with its name and how many decimals its quantities have (0 to 5).
    ///
    /// # Errors
    /// Pointers are `/unit` and `/unit_decimals`.
    pub fn new(name: &str, decimals: u8) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let name = errors.take("/unit", text::required(name, limits::CODE));
        if decimals > MAX_DECIMALS {
            errors.add("/unit_decimals", "out_of_range", "a unit has 0 to 5 decimals");
        }
        errors.into_result()?;
        Ok(Self { name: name.unwrap_or_default(), decimals })
    }

    /// Its name, for example `each` or `kg`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many decimals quantities have.
    pub const fn decimals(&self) -> u8 {
        self.decimals
    }

    /// Is this a quantity that somebody may ask for: more than zero, at most 10^9, and it fits?
    ///
    /// # Errors
    /// A stable code and a sentence for people.
    pub fn check_wanted(&self, quantity: Quantity) -> Result<(), (&'static str, String)> {
        if quantity.is_zero() {
            Err(("not_positive", "a quantity is more than zero".to_owned()))
        } else if quantity > quantity::MAX {
            Err(("too_large", "a quantity is at most 1000000000".to_owned()))
        } else {
            self.check(quantity).map_err(|precision_error| ("too_precise", precision_error))
        }
    }

    /// Does this quantity fit?
    ///
    /// # Errors
    /// A sentence for people.
    pub fn check(&self, quantity: Quantity) -> Result<(), String> {
        if quantity.fits(self.decimals) { Ok(()) } else { Err(self.precision_error()) }
    }

    /// Does this change fit?
    ///
    /// # Errors
    /// A sentence for people.
    pub fn check_change(&self, change: Delta) -> Result<(), String> {
        if change.fits(self.decimals) { Ok(()) } else { Err(self.precision_error()) }
    }

    fn precision_error(&self) -> String {
        match self.decimals {
            0 => format!("this product is counted in whole units ({})", self.name),
            1 => format!("quantities of this product have at most 1 decimal ({})", self.name),
            decimals => format!("quantities of this product have at most {decimals} decimals ({})", self.name),
        }
    }
}

impl Default for Unit {
    fn default() -> Self {
        Self::each()
    }
}

impl fmt::Display for Unit {
    /// Its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}
