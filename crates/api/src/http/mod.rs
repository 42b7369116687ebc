//! The contract over HTTP: one file per noun, and the conventions that all of them follow. Never here: rules and SQL.

pub mod auth;
pub mod carts;
pub mod categories;
pub mod customers;
pub mod dashboard;
pub mod docs;
pub mod document;
pub mod front;
pub mod health;
pub mod inventory;
pub mod locations;
pub mod me;
pub mod movements;
pub mod order_steps;
pub mod order_views;
pub mod orders;
pub mod pos_connections;
pub mod pos_events;
pub mod pos_webhook;
pub mod problems;
pub mod product_views;
pub mod products;
pub mod promo_check;
pub mod promos;
pub mod sale_views;
pub mod sales;
pub mod users;
pub mod wire;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
};
use utoipa_actix_web::{scope, service_config::ServiceConfig};
use wire::problem::Problem;

/// Every endpoint of the contract. Whatever is routed here is documented, and must stand in the access table.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(health::healthz).service(health::readyz).service(health::metrics);
    config.service(
        scope("/api/v1")
            .configure(identity)
            .configure(catalogue)
            .configure(stock)
            .configure(selling)
            .configure(ordering)
            .configure(pos),
    );
}

fn identity(config: &mut ServiceConfig<'_>) {
    config.service(auth::register).service(auth::login).service(auth::logout).service(auth::logout_all);
    config.service(me::me).service(me::change_password);
    config.service(users::list).service(users::add).service(users::read).service(users::edit).service(users::remove);
}

fn catalogue(config: &mut ServiceConfig<'_>) {
    config.service(products::list).service(products::read).service(products::add);
    config.service(products::edit).service(products::remove);
    config.service(categories::list).service(categories::add).service(categories::read);
    config.service(categories::edit).service(categories::remove);
}

fn stock(config: &mut ServiceConfig<'_>) {
    config.service(locations::list).service(locations::add).service(locations::read);
    config.service(locations::edit).service(locations::remove);
    config.service(inventory::list).service(inventory::read).service(inventory::adjust).service(inventory::count);
    config.service(movements::list).service(movements::read);
}

fn selling(config: &mut ServiceConfig<'_>) {
    config.service(sales::record).service(sales::list).service(sales::read);
    config.service(sales::correct).service(sales::refund).service(sales::void);
    config.service(customers::list).service(customers::add).service(customers::read);
    config.service(customers::edit).service(customers::remove);
}

fn ordering(config: &mut ServiceConfig<'_>) {
    config.service(carts::read).service(carts::edit).service(carts::empty).service(carts::checkout);
    config.service(carts::put_item).service(carts::remove_item);
    config.service(orders::list).service(orders::place).service(orders::read);
    config.service(orders::edit).service(orders::remove);
    config.service(order_steps::accept).service(order_steps::reject).service(order_steps::ship);
    config.service(order_steps::deliver).service(order_steps::cancel).service(order_steps::give_back);
    // `check` would be taken for an id.
    config.service(promo_check::check);
    config.service(promos::list).service(promos::add).service(promos::read);
    config.service(promos::edit).service(promos::remove);
    config.service(dashboard::orders);
}

fn pos(config: &mut ServiceConfig<'_>) {
    config.service(pos_webhook::receive);
    config.service(pos_connections::list).service(pos_connections::add).service(pos_connections::read);
    config.service(pos_connections::edit).service(pos_connections::remove);
    config.service(pos_connections::rotate_secret);
    config.service(pos_connections::map).service(pos_connections::unmap);
    config.service(pos_events::list).service(pos_events::read).service(pos_events::retry).service(pos_events::dismiss);
}

/// What is answered where nothing is.
///
/// # Errors
/// 404, but for who asks what the server can do as a whole.
pub async fn nothing(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if request.method() == Method::OPTIONS && request.path() == "*" {
        let all = (header::ALLOW, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        return Ok(HttpResponse::NoContent().insert_header(all).finish());
    }
    Err(Problem::not_found())
}
