//! `/api/problems`: what the codes of problems mean. A problem's `type` leads to its page.

use super::wire::{
    problem::{Code, Problem},
    problem_texts::{ALL, About, COMMON_MEMBERS, about},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, ServiceConfig},
};
use serde_json::{Value, json};
use tradepost_app::nearest::did_you_mean;

/// Nothing is loaded, and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The pages. They are no part of the contract, and open to everybody.
pub fn routes(config: &mut ServiceConfig) {
    for path in ["/api/problems", "/api/problems/"] {
        config.service(super::docs::page(path, web::get().to(list)));
    }
    config.service(super::docs::page("/api/problems/{code}", web::get().to(one)));
}

async fn list(request: HttpRequest) -> HttpResponse {
    match wanted(&request) {
        Form::Json => json_page(&ALL.iter().map(as_json).collect::<Vec<_>>().into()),
        Form::Text => text_page(ALL.iter().map(as_text).collect::<Vec<_>>().join("\n")),
        Form::Html => {
            let rows = ALL.iter().map(|About { code, .. }| {
                format!(
                    "<tr><td>{}<td><a href=\"/api/problems/{}\"><code>{}</code></a><td>{}",
                    code.status, code.name, code.name, code.title
                )
            });
            let rows = rows.collect::<String>();
            html_page(
                "Problems",
                &format!("<p>Every error is an RFC 9457 problem with one of these codes.<table>{rows}</table>"),
            )
        }
    }
}

async fn one(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let Some(about) = about(&name) else {
        let hint = did_you_mean(&name, Code::ALL.iter().map(|code| code.name));
        let detail = format!("There is no problem with this code{hint}");
        return Err(Problem::new(Code::NOT_FOUND, detail).with("what", "problem"));
    };
    Ok(match wanted(&request) {
        Form::Json => json_page(&as_json(about)),
        Form::Text => text_page(as_text(about)),
        Form::Html => html_page(about.code.name, &as_html(about)),
    })
}

enum Form {
    Html,
    Json,
    Text,
}

/// The first form that the client names; a page for people where it names none.
fn wanted(request: &HttpRequest) -> Form {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kinds = accept.split(',').map(|one| one.split(';').next().unwrap_or_default().trim());
    let known = kinds.filter_map(|kind| match kind {
        "text/html" => Some(Form::Html),
        "application/json" | "application/problem+json" => Some(Form::Json),
        "text/plain" => Some(Form::Text),
        _ => None,
    });
    known.into_iter().next().unwrap_or(Form::Html)
}

fn json_page(body: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::VARY, "Accept")).json(body)
}

fn text_page(body: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::VARY, "Accept")).content_type("text/plain; charset=utf-8").body(body)
}

/// A small page for people.
pub(super) fn html_page(title: &str, body: &str) -> HttpResponse {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }} \
         td {{ padding-right: 1rem; vertical-align: top }}</style>\n<h1>{title}</h1>\n{body}\n</html>\n"
    );
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY)).insert_header((header::VARY, "Accept"));
    response.content_type("text/html; charset=utf-8").body(page)
}

fn members(about: &About) -> impl Iterator<Item = &(&'static str, &'static str)> {
    COMMON_MEMBERS.iter().chain(about.members)
}

fn as_json(about: &About) -> Value {
    let members: serde_json::Map<_, _> =
        members(about).map(|(name, says)| ((*name).to_owned(), Value::from(*says))).collect();
    let Code { name, status, title } = about.code;
    json!({ "code": name, "status": status, "title": title, "when": about.when, "what_to_do": about.remedy, "members": members })
}

fn as_text(about: &About) -> String {
    let members = members(about).map(|(name, says)| format!("  {name}: {says}\n")).collect::<String>();
    let Code { name, status, title } = about.code;
    format!("{name} ({status}): {title}\n\n{}\n{}\n\nMembers:\n{members}", about.when, about.remedy)
}

fn as_html(about: &About) -> String {
    let members = members(about)
        .map(|(name, says)| format!("<tr><td><code>{name}</code><td>{}", marked(says)))
        .collect::<String>();
    let Code { status, title, .. } = about.code;
    format!(
        "<p><strong>{status}: {title}</strong>\n<h2>When it comes</h2>\n<p>{}\n<h2>What to do</h2>\n<p>{}\n<h2>Its members</h2>\n<table>{members}</table>\n\
         <p><a href=\"/api/problems\">All problems</a> · <a href=\"/api/docs\">The API</a>",
        marked(about.when),
        marked(about.remedy)
    )
}

/// A text as HTML: what stands in backticks is code.
fn marked(text: &str) -> String {
    let part =
        |(index, part): (usize, &str)| if index % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() };
    text.split('`').enumerate().map(part).collect()
}
