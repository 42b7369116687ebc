//! What the machinery needs to know besides the shop.

use super::{cursor::CursorKey, endpoints::Endpoints, explain::Explainer, metrics::Metrics};
use std::net::{IpAddr, SocketAddr};

/// What the machinery needs to know besides the shop.
pub struct Wire {
    /// Which endpoints there are, and who may.
    pub endpoints: Endpoints,
    /// Says what is wrong with a request.
    pub explainer: Explainer,
    /// Signs cursors.
    pub cursors: CursorKey,
    /// What is counted.
    pub metrics: Metrics,
    /// Proxies that tell truly who is behind them.
    pub proxies: Vec<IpAddr>,
    /// Where the program listens.
    pub address: SocketAddr,
}
