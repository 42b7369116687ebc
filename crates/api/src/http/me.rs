//! `/me`: who am I?

use super::{answer, problem::Problem, users::UserView};
use crate::{auth::Caller, shop::Shop};
use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use tradepost_domain::repository::Repository;

/// Who am I?
#[utoipa::path(tag = "Identity", responses((status = 200, description = "The caller.", body = UserView)))]
#[get("/me")]
pub(crate) async fn me(shop: Data<Shop>, request: HttpRequest, caller: Caller) -> Result<HttpResponse, Problem> {
    let id = caller.user;
    let user = shop.store.read_one(move |session| session.find(id).map_err(Problem::from)).await?;
    let user = user.ok_or_else(Problem::not_found)?;
    Ok(answer::one(&request, user.version, &UserView::from(&user)))
}
