//! The fix that has a program go into a directory itself, where `cd` in front of it asks a shell to.
//!
//! Must not be offered where the program would do another thing than in that directory.

use text_size::TextRange;

use super::command::{Command, Quoting};
use super::split_task;
use crate::command::Word;
use crate::edit::Fix;

/// How a program is told to do all of its work in a directory, the paths that it is given included.
fn option(program: &str, arguments: &[Option<&str>]) -> Option<&'static str> {
    match program {
        // Since 1.20 of Go.
        "make" | "gmake" | "git" | "go" => Some("-C "),
        "terraform" | "tofu" => Some("-chdir="),
        "npm" if is_about_its_package(arguments) => Some("--prefix "),
        _ => None,
    }
}

/// Whether npm looks at nothing but the package: what it is to install it would look for in the present directory.
fn is_about_its_package(arguments: &[Option<&str>]) -> bool {
    match arguments {
        [Some("ci" | "run" | "run-script" | "test" | "start"), ..] => true,
        [Some("install" | "i"), rest @ ..] => {
            rest.iter().all(|argument| argument.is_some_and(|it| it.starts_with('-')))
        }
        _ => false,
    }
}

/// `make -C DIR …` for `cd DIR && make …`.
pub(super) fn fix(command: &Command<'_>) -> Option<Fix> {
    let [cd, directory, and, rest @ ..] = command.words() else { return None };
    let (program, last) = (rest.first()?, rest.last()?);
    let is_cd = command.bare(cd) == Some("cd") && command.bare(and) == Some("&&");
    let words = || [directory].into_iter().chain(rest);
    if !is_cd || !is_directory(directory) || words().any(|word| needs_shell(command, word)) {
        return None;
    }
    let name = program.literal()?;
    let arguments: Vec<Option<&str>> = rest[1..].iter().map(Word::literal).collect();
    let option = option(name, &arguments)?;
    let text = command.text();
    let (directory, arguments) =
        (&text[directory.range], &text[TextRange::new(program.range.end(), last.range.end())]);
    if text[TextRange::new(cd.range.start(), last.range.end())].contains('\n') {
        return None;
    }
    let title = format!("Use `{name} {option}{directory}`");
    Some(command.rewrite(title, &format!("{name} {option}{directory}{arguments}")))
}

/// Whether `cd` goes where the system would: a shell goes back from `a/..` whichever link `a` is, and has options.
fn is_directory(word: &Word) -> bool {
    let Some(path) = word.literal() else { return true };
    let mut parts = path.split('/').skip_while(|part| matches!(*part, "." | ".."));
    !path.is_empty() && !path.starts_with('-') && parts.all(|part| part != "..")
}

/// Whether a shell makes something else of a word.
fn needs_shell(command: &Command<'_>, word: &Word) -> bool {
    let is_pattern = |(byte, quoting): (u8, &Quoting)| {
        *quoting == Quoting::Bare && matches!(byte, b'*' | b'?' | b'[' | b'{' | b'~' | b'#')
    };
    let mut bytes = command.text()[word.range].bytes().zip(command.quoting_of(word));
    split_task::needs_shell(command, word) || bytes.any(is_pattern)
}

#[cfg(test)]
mod tests {
    use crate::Analysis;
    use crate::diagnostic::DiagnosticCode;
    use crate::edit;
    use crate::options::Options;
    use crate::parsed::Parsed;
    use crate::phase::Phase;

    /// What the fixes for a command are called, and what the first of them makes of it.
    fn fixed(command: &str) -> (Vec<String>, String) {
        let text = format!("[pre-up]\na = {}\n", edit::string(command));
        let analysis = Analysis::new(text.as_str(), Options::default());
        let found = analysis.diagnostics.iter().find(|it| it.code == DiagnosticCode::ShellOperator).unwrap();
        let parsed = Parsed::new(edit::apply(&text, &found.fixes[0].edits), Options::default());
        let (_, written) = parsed.file.commands_of(Phase::PreUp).next().unwrap();
        let titles = found.fixes.iter().map(|fix| fix.title.clone()).collect();
        (titles, written.decode(&parsed.text).into_owned())
    }

    #[test]
    fn a_program_that_can_goes_into_the_directory() {
        for (command, one_program) in [
            ("cd x && make", "make -C x"),
            ("cd ../x/y && make -j4 'a b' V=$V", "make -C ../x/y -j4 'a b' V=$V"),
            ("cd \"$APP dir\" && git add .", "git -C \"$APP dir\" add ."),
            ("cd x && npm ci", "npm --prefix x ci"),
            ("cd x && npm run build -- --watch", "npm --prefix x run build -- --watch"),
            ("cd x && npm install --omit=dev", "npm --prefix x install --omit=dev"),
            ("cd x && go test ./...", "go -C x test ./..."),
            ("cd 'a b' && terraform apply", "terraform -chdir='a b' apply"),
        ] {
            let (titles, fixed) = fixed(command);
            assert_eq!(fixed, one_program);
            assert!(titles[0].starts_with("Use `") && titles[1].starts_with("Wrap"), "{titles:?}");
        }
    }

    #[test]
    fn where_it_would_be_another_thing_a_shell_is_asked() {
        for command in [
            "cd x && cargo build",
            "cd x && ./make",
            "cd x && npm install ../y.tgz",
            "cd x && npm install $PACKAGE",
            "cd x && npm exec y",
            "cd x; make",
            "cd x || make",
            "cd x && make && make install",
            "cd x && make > log",
            "cd x && git add *.js",
            "cd x && make # all",
            "cd x &&\nmake\nmake install",
            "cd ~/x && make",
            "cd - && make",
            "cd '' && make",
            "cd a/.. && make",
            "cd a b && make",
            "cd x && A=b make",
            "true && make",
        ] {
            let (titles, _) = fixed(command);
            assert!(titles[0].starts_with("Wrap"), "{command}: {titles:?}");
        }
    }
}
