//! What a name means wherever it stands: descriptions of the properties and parameters that do not describe themselves.

use serde_json::Value;

/// Names that mean the same everywhere, as a property of a body.
const PROPERTIES: &[(&str, &str)] = &[
    ("active", "Is it switched on?"),
    ("amount", "What a fixed one takes off: more than zero."),
    ("at", "When."),
    ("available", "What can be promised; never negative."),
    ("by", "Who did it."),
    ("category", "The category it is in; `null`: none."),
    ("category_id", "The category it is in; `null`: none."),
    ("code", "A short name, unique without regard to case."),
    ("connection_id", "The connection of the till."),
    ("count", "How many there are."),
    ("counted", "What was found."),
    ("counted_at", "When it was counted; `null`: never, or not said."),
    ("created_at", "When it was made, by the server's clock."),
    ("currency", "The shop's currency, by ISO 4217."),
    ("customer", "For whom it is."),
    ("customer_id", "The customer; `null`: none."),
    ("customer_name", "A name instead of a customer; `null`: none."),
    ("date_of_birth", "In the past."),
    ("description", "A longer text about it; may be empty."),
    ("dialect", "In which form it reports."),
    ("discount", "What the promo code takes off."),
    ("email", "Where to write."),
    ("enabled", "Is it on sale?"),
    ("event_id", "The delivery in the inbox."),
    ("external_id", "The till's own id of the product."),
    ("first_name", "May be empty."),
    ("id", "Never changes, and is never used again."),
    ("image_url", "Where a picture of it is; `null`: nowhere."),
    ("barcode", "What a scanner reads; `null`: none."),
    ("kind", "What it is."),
    ("last_name", "May be empty."),
    ("line_id", "Which line."),
    ("line_total", "The quantity at the unit price, rounded to the minor unit."),
    ("lines", "Line by line."),
    ("location_id", "Where."),
    ("location_code", "The location's short name."),
    ("low_stock_threshold", "At or below this much available it counts as low; `null`: never."),
    ("max_discount", "Never more than this comes off; `null`: no such limit."),
    ("minimum_subtotal", "Only from this subtotal on; `null`: from any."),
    ("movements", "What was booked."),
    ("name", "What people call it."),
    ("notes", "The customer's words; `null`: none."),
    ("number", "Short, for people."),
    ("occurred_at", "When it happened, by the caller's word; when it was received where absent."),
    ("oldest", "The one that waits longest; `null`: none waits."),
    ("on_hand", "What is there, promised or not."),
    ("on_hand_after", "What was on hand afterwards."),
    ("on_hand_change", "By how much on hand changed."),
    ("on_shortage", "What to do where there is too little."),
    ("password", "What only they know."),
    ("per_customer_limit", "How often by one customer; `null`: without limit."),
    ("percentage", "Of a percentage: what part it takes off."),
    ("permissions", "What an employee may do."),
    ("phone", "Where to call; `null`: nowhere."),
    ("price", "Of one unit."),
    ("product_id", "The product."),
    ("promo_code", "The promo code; `null`: none."),
    ("quantity", "How much of it."),
    ("quantity_change", "By how much: negative for less."),
    ("reason", "Why; `null`: nobody said."),
    ("received_at", "When it came, by the server's clock."),
    ("recorded_at", "When it was booked, by the server's clock."),
    ("refunded_quantity", "How much of it came back."),
    ("reserved", "What is promised to open orders."),
    ("reserved_after", "What was reserved afterwards."),
    ("reserved_change", "By how much what is reserved changed."),
    ("role", "What they are to the shop."),
    ("sku", "The shop's own code of the product."),
    ("status", "Where it stands."),
    ("stock", "What there is of it."),
    ("subtotal", "The sum of the lines."),
    ("total", "What is to be paid."),
    ("unit", "What it is counted in."),
    ("unit_decimals", "How many decimals its quantities have."),
    ("unit_price", "Of one unit."),
    ("updated_at", "When it was last changed, by the server's clock."),
    ("usage_limit", "How often in all; `null`: without limit."),
    ("user", "Who logged in."),
    ("user_id", "Their login; `null`: none."),
    ("username", "A name to log in with; `null`: they use the e-mail address."),
    ("valid_from", "The first instant at which it can be used."),
    ("valid_until", "The last instant at which it can be used."),
];

/// Names of parameters.
const PARAMETERS: &[(&str, &str)] = &[
    ("active", "Only what is switched on, or only what is not."),
    ("code", "Only with this code, without regard to case."),
    ("connection_id", "The connection, by its id."),
    ("customer_id", "Only of this customer."),
    ("category_id", "Only in this category."),
    ("email", "Only with this e-mail address, without regard to case."),
    ("enabled", "Only what is on sale, or only what is not."),
    ("external_id", "The till's own id of the product."),
    ("id", "Its id."),
    ("kind", "Only of this kind."),
    ("location_id", "Only at this location."),
    ("name", "Only with this name, without regard to case."),
    ("number", "Only with this number."),
    ("phone", "Only with this phone number, in E.164."),
    ("product_id", "The product, by its id."),
    ("promo_code", "Only with this promo code, without regard to case."),
    ("reason_code", "Only what was refused or is held for this reason."),
    ("role", "Only with this role."),
    ("sku", "Only with this SKU, without regard to case."),
    ("sold_by", "Only what this user sold."),
    ("source_id", "Only of this document."),
    ("source_type", "Only of this kind of document."),
    ("status", "Only where it stands there."),
    ("username", "Only with this username, without regard to case."),
    ("webhook_id", "Only with this id of the sender."),
];

fn about(name: &str, known: &[(&str, &'static str)]) -> Option<&'static str> {
    known.iter().find(|(known, _)| *known == name).map(|(_, about)| *about)
}

/// Describes a property that does not describe itself.
pub(super) fn describe(name: &str, schema: &mut Value) {
    if let (None, Some(about)) = (schema["description"].as_str(), about(name, PROPERTIES)) {
        schema["description"] = about.into();
    }
}

/// Describes a parameter that does not describe itself, and bounds it.
pub(super) fn describe_parameter(parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    if parameter["description"].as_str().is_none_or(str::is_empty) {
        let about = about(&name, PARAMETERS).map(str::to_owned).or_else(|| bound(&name));
        parameter["description"] = about.into();
    }
    let schema = &mut parameter["schema"];
    if let Some(members) = schema.as_object_mut() {
        if members.get("format").is_some_and(|format| format == "int32") {
            members.remove("format");
        }
        let is_number = members.get("type").is_some_and(|kind| kind == "integer");
        if is_number && !members.contains_key("maximum") {
            members.insert("minimum".to_owned(), i64::MIN.into());
            members.insert("maximum".to_owned(), i64::MAX.into());
        }
        let is_plain = members.get("type").is_some_and(|kind| kind == "string") && !members.contains_key("pattern");
        if is_plain && parameter["in"] == "query" {
            parameter["schema"]["pattern"] = r"^[^\x00]*$".into();
        }
    }
}

/// `total_min` and the like: which figure, and which end of it.
fn bound(name: &str) -> Option<String> {
    let (figure, end) = name.rsplit_once('_')?;
    let figure = figure.replace('_', " ");
    match end {
        "min" => Some(format!("Only with at least this {figure}.")),
        "max" => Some(format!("Only with at most this {figure}.")),
        "after" => Some(format!("Only what was {figure} at this time or later.")),
        "before" => Some(format!("Only what was {figure} before this time.")),
        _ => None,
    }
}
