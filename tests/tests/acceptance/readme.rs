//! The README's tour, run as written.

use crate::program::demo_password;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tradepost_tests::{Server, binary, block_on};

/// The shell blocks under the heading that has this word in it, up to the next heading of its rank.
fn shell_blocks(markdown: &str, heading_word: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let (mut inside, mut block): (bool, Option<String>) = (false, None);
    for line in markdown.lines() {
        match &mut block {
            Some(_) if line.trim_end() == "```" => blocks.extend(block.take()),
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line.starts_with("## ") => inside = line.to_lowercase().contains(heading_word),
            None if inside && (line.starts_with("```sh") || line.starts_with("```bash")) => block = Some(String::new()),
            None => {}
        }
    }
    blocks
}

#[test]
fn blocks_are_found_under_their_heading_only() {
    let text = "## A\n```sh\nno\n```\n## The tour\ntext\n```sh\none\n```\n```json\n{}\n```\n### More\n```sh\ntwo\nthree\n```\n## B\n```sh\nno\n```\n";
    assert_eq!(shell_blocks(text, "tour"), ["one\n", "two\nthree\n"]);
}

/// A folder as the tour finds it after `make run`: the program where cargo puts it, nothing else.
fn a_fresh_clone() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("target/debug");
    std::fs::create_dir_all(&target).expect("target/debug");
    std::os::unix::fs::symlink(binary(), target.join("tradepost")).expect("the program");
    folder
}

/// The tour's blocks one after the other in one shell, at the address the shop got; what the reader types is the password.
fn run_tour(folder: &Path, script: &str, password: &str) -> String {
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("TRADEPOST_SECRET_KEY", "")
        .env_remove("DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut typed = shell.stdin.take().expect("its input");
    writeln!(typed, "{password}").expect("the password is typed");
    drop(typed);
    let output = shell.wait_with_output().expect("the tour ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "the tour failed:\n{script}\n---\n{said}");
    text(&output.stdout)
}

#[test]
fn the_tour_works_as_written() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let markdown = std::fs::read_to_string(&readme).expect("README.md beside the crates");
    let blocks = shell_blocks(&markdown, "tour");
    // What starts the shop is done by the test, which wants another port and must end it again.
    let (starting, tour): (Vec<String>, Vec<String>) = blocks.into_iter().partition(|block| block.contains("make run"));
    assert_eq!(starting.len(), 1, "one block starts the shop with `make run`");
    assert!(tour.len() >= 3, "a tour of {} blocks is none", tour.len());
    let script = tour.concat();
    let landmarks = [
        "curl",
        "/auth/login",
        "/webhooks/pos/",
        "webhook-signature",
        "/auth/register",
        "/cart/checkout",
        "/ship",
        "verify",
    ];
    for landmark in landmarks {
        assert!(script.contains(landmark), "the tour does not come by {landmark}");
    }
    let folder = a_fresh_clone();
    let settings = [("TRADEPOST_BIND", "127.0.0.1:0"), ("TRADEPOST_SECRET_KEY", "")];
    let mut shop = Server::start_with(folder.path(), &["serve", "--demo"], &settings);
    let password = block_on(demo_password(&shop));
    let said = run_tour(folder.path(), &script.replace("http://127.0.0.1:8080", &shop.address()), &password);
    // What the README says of it: the refusal, ten less seven plus two less two, and what ordering shows.
    for outcome in [
        r#""code":"insufficient_stock""#,
        r#""on_hand":3,"#,
        r#""held_by":[{"#,
        r#""discount":"0.90""#,
        r#""status":"shipped""#,
    ] {
        assert!(said.contains(outcome), "the tour does not show {outcome}:\n{said}");
    }
    shop.stop();
}
