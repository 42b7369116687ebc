//! Lists: pages that follow each other by signed cursors, never by offsets.

use super::{Wire, cursor::CursorKey, explain_words::ordering_fault};
use super::{
    problem::{Code, FieldError, Problem},
    query::Pairs,
    response::to_json,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header, web::Data};
use serde::{Serialize, de::DeserializeOwned};
use std::future::{Ready, ready};
use tradepost_store::list::{KeyValue, ListRequest, Page, Sort};
use utoipa::{IntoParams, ToSchema};

/// The most items of a page.
pub const MAX_LIMIT: u16 = 200;

/// The parameters that every list takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are what the documentation shows; they are read one by one")]
pub struct Paging {
    /// How many items at most, 1 to 200.
    #[param(default = 25, minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before, with the same filters.
    cursor: Option<String>,
    /// Shall the number of all items be counted as well?
    #[param(default = false)]
    count: Option<bool>,
    /// Fields to sort by, separated by commas, each with `-` for largest first.
    ordering: Option<String>,
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct List<T> {
    /// The items of this page, in order; at most `limit`.
    pub items: Vec<T>,
    /// The cursor of the next page; `null` on the last.
    #[schema(required = true)]
    pub next: Option<String>,
    /// How many items there are on all pages; absent where not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub count: Option<i64>,
}

/// A request for a page: its filters, its order, and where it starts.
pub struct ListOf<F> {
    /// What to look for.
    pub filter: F,
    ordering: Option<String>,
    limit: u16,
    count: bool,
    after: Option<Vec<KeyValue>>,
    scope: String,
    path: String,
    pairs: Pairs,
    key: CursorKey,
}

impl<F> ListOf<F> {
    /// What to ask the store for, with the filter in its words.
    ///
    /// # Errors
    /// 400 for an order that this list does not know.
    pub fn request<S>(&self, filter: S, orderings: &'static [&'static str]) -> Result<ListRequest<S>, Problem> {
        let order = match &self.ordering {
            None => Vec::new(),
            Some(text) => Sort::parse_list(text, orderings).map_err(|_| {
                let detail = ordering_fault(text, orderings).unwrap_or_else(|| "this order is not known".to_owned());
                Problem::parameter("ordering", "invalid", detail)
            })?,
        };
        Ok(ListRequest { filter, order, limit: self.limit, after: self.after.clone(), count: self.count })
    }

    /// The answer: the page's rows in this shape, and the next page's address in the header `Link`.
    pub fn answer<R, T: Serialize>(&self, page: Page<R>, shape: impl Fn(R) -> T) -> HttpResponse {
        let next = page.next.map(|next| self.key.seal(&self.scope, &to_json(&next)));
        let mut response = HttpResponse::Ok();
        if let Some(next) = &next {
            let limit = self.limit.to_string();
            let mut more = vec![("limit", limit.as_str()), ("cursor", next.as_str())];
            if self.count {
                more.push(("count", "true"));
            }
            let link = format!("<{}?{}>; rel=\"next\"", self.path, self.pairs.encode_with(&more));
            response.insert_header((header::LINK, link));
        }
        let list = List { items: page.rows.into_iter().map(shape).collect(), next, count: page.count };
        response.content_type("application/json").body(to_json(&list))
    }
}

const REFUSED_CURSOR: &str = "this cursor was altered, or belongs to other filters: start again without one";

fn fault(name: &str, code: &str, detail: &str) -> FieldError {
    let (parameter, code, detail) = (Some(name.to_owned()), code.to_owned(), detail.to_owned());
    FieldError { pointer: None, parameter, code, detail }
}

fn read<F: DeserializeOwned>(request: &HttpRequest) -> Result<ListOf<F>, Problem> {
    let wire = request.app_data::<Data<Wire>>().ok_or_else(|| Problem::internal("no machinery in the application"))?;
    let mut pairs = Pairs::parse(request.query_string())?;
    let (limit, count, cursor) = (pairs.take("limit"), pairs.take("count"), pairs.take("cursor"));
    let limit = match limit.map(|text| text.parse::<u16>()) {
        None => Ok(25),
        Some(Ok(limit @ 1..=MAX_LIMIT)) => Ok(limit),
        Some(_) => Err(fault("limit", "out_of_range", "this must be a whole number from 1 to 200")),
    };
    let count = match count.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(fault("count", "invalid", "this must be true or false")),
    };
    let mut filters = pairs.clone();
    let ordering = filters.take("ordering");
    let scope = format!("{} {}", request.path(), pairs.canonical());
    let key = wire.cursors.clone();
    let position = |cursor: String| {
        let position = key.open(&scope, &cursor).and_then(|position| serde_json::from_slice(&position).ok());
        position.ok_or_else(|| fault("cursor", "invalid", REFUSED_CURSOR))
    };
    let after = cursor.map(position).transpose();
    let (filter, limit, count, after) = match (filters.read(), limit, count, after) {
        (Ok(filter), Ok(limit), Ok(count), Ok(after)) => (filter, limit, count, after),
        (filter, limit, count, after) => {
            let faults: Vec<_> = [limit.err(), count.err(), after.err()].into_iter().flatten().collect();
            let of_filter = filter.err().unwrap_or_else(|| Problem::new(Code::VALIDATION, ""));
            return Err(of_filter.with_all(faults));
        }
    };
    Ok(ListOf { filter, ordering, limit, count, after, scope, path: request.path().to_owned(), pairs, key })
}

impl<F: DeserializeOwned + 'static> FromRequest for ListOf<F> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map_err(Into::into))
    }
}
