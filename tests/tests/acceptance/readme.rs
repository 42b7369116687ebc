//! The README's tour, pasted as written.

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

/// What the shells of a reader are called here. `bash` must be there, as for `make`; `zsh` is looked for, unless `TOUR_SHELLS` says which
/// shells there must be (`make peers` installs them). `sh` stands for all that know less than today's bash, such as the one of macOS.
fn shells() -> Vec<String> {
    if let Ok(named) = std::env::var("TOUR_SHELLS") {
        return named.split_whitespace().map(str::to_owned).collect();
    }
    let has_zsh = Command::new("zsh").arg("--version").output().is_ok_and(|said| said.status.success());
    ["bash", "sh"].into_iter().chain(has_zsh.then_some("zsh")).map(str::to_owned).collect()
}

/// The tour's blocks as one paste: an interactive shell reads all of them from where it reads what is typed, so that a command which reads too
/// would eat the rest; `!` and `#` mean what they mean to whoever types. Nothing of the reader's own set-up takes part.
fn paste(shell: &str, folder: &Path, script: &str, password: &str) -> String {
    let name = Path::new(shell).file_name().and_then(|name| name.to_str()).unwrap_or(shell);
    let interactive: &[&str] = match name {
        "bash" => &["--norc", "--noprofile", "-i"],
        "zsh" => &["-f", "-i"],
        _ => &["-i"],
    };
    // What `TOUR_TERMINAL` names gives the shell a terminal, as somebody who pastes has one.
    let terminal = std::env::var("TOUR_TERMINAL").ok();
    let line: Vec<&str> = terminal.as_deref().into_iter().chain([shell]).chain(interactive.iter().copied()).collect();
    let mut command = Command::new(line[0]);
    command.args(&line[1..]);
    command.current_dir(folder).env("SHOP_PASSWORD", password).env("HOME", folder).env("PS1", "").env("PS2", "");
    command.env("TRADEPOST_SECRET_KEY", "").env_remove("DATABASE_URL").env_remove("ENV");
    if let Some(path) = std::env::var_os("TOUR_PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut started = command.spawn().unwrap_or_else(|error| panic!("{shell} does not start: {error}"));
    let mut typed = started.stdin.take().expect("its input");
    // The next tour must find another second to name its things after.
    let end = r#"while [ "$(date +%s)" -le "$RUN" ]; do sleep 1; done; echo the tour is 'over'; exit"#;
    writeln!(typed, "{script}\n{end}").expect("it is pasted");
    drop(typed);
    let output = started.wait_with_output().expect("the tour ends");
    let (shown, complaints) = (colourless(&output.stdout), colourless(&output.stderr));
    assert!(shown.contains("the tour is over"), "{shell} did not come to the end:\n{shown}\n{complaints}");
    for complaint in
        ["not found", "parse error", "syntax error", "no matches", "event not", "curl:", "jq: error", "unbound"]
    {
        assert!(
            !complaints.contains(complaint) && !shown.contains(complaint),
            "{shell} complains:\n{complaints}\n---\n{shown}"
        );
    }
    shown
}

/// What was shown without the escapes that colour it and move the cursor.
fn colourless(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split("\u{1b}[");
    let plain = parts.next().unwrap_or_default().to_owned();
    parts.fold(plain, |mut plain, part| {
        let after = part.trim_start_matches(|c: char| c.is_ascii_digit() || ";?".contains(c));
        plain.extend(after.chars().skip(1));
        plain
    })
}

#[test]
fn the_tour_works_pasted_as_a_whole_in_every_shell_and_again_on_the_same_shop() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let markdown = std::fs::read_to_string(&readme).expect("README.md beside the crates");
    let blocks = shell_blocks(&markdown, "tour");
    // What starts the shop is done by the test, which wants another port and must end it again; so is what names the password.
    let by_hand = |block: &String| block.contains("make run") || block.starts_with("export SHOP_PASSWORD=");
    let (by_hand, tour): (Vec<String>, Vec<String>) = blocks.into_iter().partition(by_hand);
    assert_eq!(by_hand.len(), 2, "one block starts the shop with `make run`, one names the password");
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
    // What only GNU's tools or newer ones know, and what a shell that is typed into takes for something else.
    for odd in ["--json", "read ", "| base64", "date -", "<<<", "local ", "#", "!", "sed -i", "grep -P"] {
        assert!(!script.contains(odd), "the tour says {odd:?}");
    }
    let folder = a_fresh_clone();
    let settings = [("TRADEPOST_BIND", "127.0.0.1:0"), ("TRADEPOST_SECRET_KEY", "")];
    let mut shop = Server::start_with(folder.path(), &["serve", "--demo"], &settings);
    let password = block_on(demo_password(&shop));
    let script = script.replace("http://127.0.0.1:8080", &shop.address());
    for shell in shells().iter().flat_map(|shell| [shell, shell]) {
        let shown = paste(shell, folder.path(), &script, &password);
        let dense: String = shown.split_whitespace().collect();
        // What the README says of it: the replay, the refusals, ten less seven plus two less two, and what ordering shows.
        for outcome in [
            r#""role":"owner""#,
            "dempotent-replayed:true",
            r#""code":"insufficient_stock""#,
            r#""status":"applied""#,
            r#""on_hand":3,"reserved":0"#,
            r#""discount":"0.90""#,
            r#""held_by":[{"#,
            r#""status":"shipped""#,
            r#""on_hand":1,"reserved":0"#,
            "Everythingagrees",
        ] {
            assert!(dense.contains(outcome), "the tour in {shell} does not show {outcome}:\n{shown}");
        }
    }
    shop.stop();
}
