//! What each problem means, when it comes, which members it has and what to do: the texts of `/api/problems/{code}`.

use super::problem::Code;

/// The text about one code.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Which code.
    pub code: Code,
    /// When it comes.
    pub when: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// Its members beside those of every problem: the name, and what it says.
    pub members: &'static [(&'static str, &'static str)],
}

/// The members of every problem.
pub const COMMON_MEMBERS: &[(&str, &str)] = &[
    ("type", "the address of such a page"),
    ("title", "what the code means, in a few words"),
    ("status", "the HTTP status, once more"),
    ("detail", "what happened this time, for people"),
    ("code", "stable, for programs"),
    ("instance", "the request's id, as in X-Request-Id and in the log"),
];

const ERRORS: (&str, &str) = (
    "errors",
    "every fault: `pointer` into the body (RFC 6901) or the name of the `parameter`, a stable `code`, and a `detail` that says what is taken",
);
const FAULT: (&str, &str) = ("errors", "the one field whose value is taken");
const PERMISSION: (&str, &str) = ("permission", "the permission that is missing; `permissions` where several are");
const REASON: (&str, &str) = ("reason", "which rule refused it: stable, for programs");
const SHORTAGES: (&str, &str) = (
    "shortages",
    "for each product what was `requested` and what is `available` at which place; for staff also what is `reserved` and `held_by` which orders",
);

macro_rules! about {
    ($($code:ident: $when:literal, $remedy:literal, $members:expr;)+) => {
        /// The text about every code.
        pub const ALL: &[About] =
            &[$(About { code: Code::$code, when: $when, remedy: $remedy, members: &$members }),+];
    };
}
about! {
    MALFORMED: "The request is no HTTP, its body no JSON, or its query no UTF-8.", "Look at `detail`, which says where reading stopped, and send it anew.", [];
    VALIDATION: "Something in the body, the query, a header or the path is missing, unknown or not as it must be. Nothing was done.",
        "Correct every fault that `errors` names, and send it again with the same Idempotency-Key.", [ERRORS];
    UNAUTHENTICATED: "No token was sent, or one that is unknown, revoked or expired.", "Log in at POST /api/v1/auth/login and send the token as `Authorization: Bearer …`.", [];
    BAD_CREDENTIALS: "The login is unknown or the password is wrong; it is not said which.", "Try again. After five wrong passwords each further attempt waits longer.", [];
    BAD_SIGNATURE: "A till's delivery is not signed as its connection asks for, or too old, or the connection does not exist.",
        "Sign `id.timestamp.body` with the connection's secret, and look at the clock. The body is signed as it is after `Content-Encoding` was undone.", [];
    FORBIDDEN: "You are known, but may not do this.", "Ask for the permission that `detail` names.", [PERMISSION];
    NOT_FOUND: "The address leads nowhere, or there is nothing with this id that you may know of.",
        "`what` says which of the two: `path`, or the kind of thing that does not exist.", [("what", "`path`, or the kind of thing: `product`, `order` …")];
    METHOD_NOT_ALLOWED: "The address exists, but not for this method.", "Use a method that the header `Allow` names.", [];
    REQUEST_TIMEOUT: "The rest of the request did not come in time: 15 seconds for its head, 30 for its body. The connection is closed.", "Send it again, faster.", [];
    INSUFFICIENT_STOCK: "There is less available than was asked for. Nothing was done.", "Ask for less, restock, or cancel what holds the rest.", [SHORTAGES];
    DUPLICATE: "There is already one with this value, which must be unique.", "Choose another value for the field that `errors` names.", [FAULT];
    IN_USE: "Something still refers to it, so it cannot be removed.", "Remove first what `detail` names.", [];
    ILLEGAL_TRANSITION: "Where the document stands, this step is not possible.", "Take one of the steps in `allowed`.",
        [("from", "where it stands"), ("allowed", "the steps that are possible from there")];
    PRODUCT_UNAVAILABLE: "The product is not on sale.", "Leave it out.", [("product_id", "which product"), ("sku", "its SKU")];
    PROMO_REFUSED: "The promo code is unknown, not valid now, used up, or the order does not meet its terms.", "Read `reason`; go on without the code.", [REASON];
    CART_EMPTY: "The cart holds nothing that could be ordered.", "Put something in.", [];
    CONFLICT: "What was asked for contradicts what is recorded: more would come back than was sold, or the last owner would go.", "Read `reason`.", [REASON];
    PRECONDITION_FAILED: "The thing was changed since the version that `If-Match` names.", "Read it again, and base the change on the new `ETag`.", [];
    PAYLOAD_TOO_LARGE: "The body has more than 1 MiB, after `Content-Encoding` was undone.", "Send less at once.", [];
    URI_TOO_LONG: "The first line of the request is longer than 64 KiB. The connection is closed.", "Shorten the query.", [];
    UNSUPPORTED_MEDIA_TYPE: "The body does not say that it is JSON, or is encoded in another way than gzip.",
        "Send `Content-Type: application/json`, and no `Content-Encoding` or `gzip`.", [];
    IDEMPOTENCY_KEY_REUSED: "This Idempotency-Key came before with another method, path, query or body.", "Use a new key for a new request.", [];
    RATE_LIMITED: "Too many wrong passwords for this login from this address.", "Wait for as many seconds as `Retry-After` says.", [];
    HEADERS_TOO_LARGE: "There are more than 96 headers, or they have more than 128 KiB together. The connection is closed.", "Send fewer or shorter ones.", [];
    INTERNAL: "The program failed. Nothing was changed.", "Tell who runs the program the request's id (`instance`): the log says more.", [];
    UNAVAILABLE: "The database is away, or too much is waiting for it. Nothing was done.", "Wait for as many seconds as `Retry-After` says, and send it again with the same Idempotency-Key.", [];
    OUTCOME_UNKNOWN: "The database was lost while it kept this change: it may or may not have happened.",
        "Send it again with the same Idempotency-Key: that is safe, and says which.", [];
}

/// The text about the code of this name.
pub fn about(name: &str) -> Option<&'static About> {
    ALL.iter().find(|about| about.code.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_text() {
        let told: Vec<_> = ALL.iter().map(|about| about.code).collect();
        assert_eq!(told, Code::ALL);
    }
}
