//! A handler that returns a constant: what HTTP alone costs on this machine.

use actix_web::{App, HttpResponse, HttpServer, web};
use std::sync::mpsc::channel;
use std::thread;

/// Serves a body of this many bytes on a port of its own until the process ends; answers the address.
pub(crate) fn serve(bytes: usize) -> String {
    let (tell, address) = channel();
    thread::spawn(move || {
        let body = web::Bytes::from(vec![b'x'; bytes]);
        actix_web::rt::System::new().block_on(async move {
            let app = move || {
                let body = body.clone();
                App::new().default_service(web::to(move || {
                    let body = body.clone();
                    async move { HttpResponse::Ok().content_type("application/json").body(body) }
                }))
            };
            let server = HttpServer::new(app).disable_signals().bind(("127.0.0.1", 0)).expect("a port");
            tell.send(server.addrs()[0].to_string()).expect("the address is waited for");
            server.run().await.expect("the constant handler serves");
        });
    });
    address.recv().expect("its address")
}
