//! Categories: the groups that products stand in.

use crate::{
    field_errors::FieldErrors,
    ids::Id,
    instant::Instant,
    repository::entity,
    text::{self, limits},
};

/// The id of a category.
pub type CategoryId = Id<Category>;

/// A group of products.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Category {
    /// Never changes, and is never used again.
    pub id: CategoryId,
    /// Unique without regard to case.
    pub name: String,
    /// Up to 10,000 characters, with line breaks; empty where there is nothing to say.
    pub description: String,
    /// 1 when it was added and one more with every edit.
    pub version: i64,
    /// When it was added, by our clock.
    pub created_at: Instant,
    /// When it was last edited; as `created_at` until then.
    pub updated_at: Instant,
}

entity!(Category, "category", |one| [("name", Some(text::fold(&one.name)))]);

impl Category {
    /// A new category, or what is wrong with it.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn new(id: CategoryId, name: &str, description: &str, now: Instant) -> Result<Self, FieldErrors> {
        let (name, description) = Self::parse(Some(name), Some(description))?;
        Ok(Self {
            id,
            name: name.unwrap_or_default(),
            description: description.unwrap_or_default(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Changes what is given, or nothing where anything of it is wrong.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn edit(&mut self, name: Option<&str>, description: Option<&str>, now: Instant) -> Result<(), FieldErrors> {
        let (name, description) = Self::parse(name, description)?;
        if let Some(name) = name {
            self.name = name;
        }
        if let Some(description) = description {
            self.description = description;
        }
        self.version += 1;
        self.updated_at = now;
        Ok(())
    }

    fn parse(name: Option<&str>, description: Option<&str>) -> Result<(Option<String>, Option<String>), FieldErrors> {
        let mut errors = FieldErrors::new();
        let name = name.and_then(|t| errors.take("/name", text::required(t, limits::NAME)));
        let description = description.and_then(|t| errors.take("/description", text::optional(t, limits::DESCRIPTION)));
        errors.into_result()?;
        Ok((name, description))
    }
}
