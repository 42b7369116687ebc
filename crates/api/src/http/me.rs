//! `/me`: who am I?

use super::users::UserView;
use super::wire::{auth::Caller, crud, problem::Problem};
use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use tradepost_app::Shop;

/// Who am I?
#[utoipa::path(operation_id = "get_me", tag = "Identity", responses((status = 200, description = "The caller.", body = UserView)))]
#[get("/me")]
pub(crate) async fn me(shop: Data<Shop>, request: HttpRequest, caller: Caller) -> Result<HttpResponse, Problem> {
    crud::read(&shop, &request, caller.user, UserView::of).await
}
