//! The binary `tradepost`.

fn main() -> std::process::ExitCode {
    tradepost_api::cli::run()
}
