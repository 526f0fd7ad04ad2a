//! The kubeconfig that the file of variables names which a justfile has loaded.
//!
//! Must not read the files, or take one for the kubeconfig that just does not set: the environment goes before.

/// A line of a justfile that sets the kubeconfig; `is_set` where the environment has one. Files are read by `beside`, of a
/// path from a folder, and by `above`, of a name in that folder or in one above it; the folder is seen from the justfile.
pub(super) fn exported(
    justfile: &str,
    is_set: bool,
    beside: &dyn Fn(&str, &str) -> Option<String>,
    above: &dyn Fn(&str, &str) -> Option<String>,
) -> Option<String> {
    let overrides = flag(justfile, "dotenv-override");
    if is_set && overrides == Some(false) {
        return None;
    }
    let loads = [flag(justfile, "dotenv-load"), flag(justfile, "dotenv-required"), overrides];
    let [path, name, folder] = ["dotenv-path", "dotenv-filename", "working-directory"]
        .map(|name| setting(justfile, name).map(|value| literal(value)));
    let is_named = path.is_some() || name.is_some();
    if !is_named && loads.iter().all(|load| *load == Some(false)) {
        return None;
    }
    let is_loaded = is_named || loads.contains(&Some(true));
    let variables: String;
    let value = match (path.unwrap_or(Some("")), name.unwrap_or(Some(".env")), folder.unwrap_or(Some(""))) {
        (Some(path), Some(name), Some(folder)) => {
            let named = Some(path).filter(|path| !path.is_empty()).and_then(|path| beside(folder, path));
            variables = named.or_else(|| above(folder, name))?;
            kubeconfig(&variables)?
        }
        _ => None,
    };
    Some(match value.filter(|_| is_loaded && (!is_set || overrides == Some(true))) {
        Some(value) => format!("export KUBECONFIG := '{value}'\n"),
        // What has a call in it is known only when it runs.
        None => "export KUBECONFIG := env('KUBECONFIG')\n".to_owned(),
    })
}

/// What a justfile says behind the name of a setting.
fn setting<'t>(justfile: &'t str, name: &str) -> Option<&'t str> {
    let value = |line: &'t str| line.strip_prefix("set ")?.trim_start().strip_prefix(name);
    let mut values = justfile.lines().filter_map(value);
    values.find(|value| !value.starts_with(|c: char| c.is_alphanumeric() || "-_".contains(c)))
}

/// Nothing where it is neither on nor off.
fn flag(justfile: &str, name: &str) -> Option<bool> {
    let Some(value) = setting(justfile, name) else { return Some(false) };
    let value = value.split('#').next().unwrap_or_default();
    match value.trim_start_matches([' ', ':', '=']).trim_end() {
        "" | "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The text of a setting that is a string and nothing else.
fn literal(value: &str) -> Option<&str> {
    let value = value.trim_start_matches([' ', ':', '=']);
    let quote = value.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let (text, rest) = value[1..].split_once(quote)?;
    let is_all = rest.trim_start().is_empty() || rest.trim_start().starts_with('#');
    (is_all && !text.contains('\\')).then_some(text)
}

/// The kubeconfig that a file of variables names, or that it is not known which one that is.
fn kubeconfig(variables: &str) -> Option<Option<&str>> {
    let value = |line| {
        let line: &str = str::trim(line);
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (_, value) = line.split_once('=').filter(|(name, _)| name.trim() == "KUBECONFIG")?;
        let value = value.trim();
        let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
        let is_quoted = inner('"').or_else(|| inner('\''));
        let is_plain = |text: &&str| {
            !text.contains(['$', '`', '(', '\\', '\'', '"'])
                && (is_quoted.is_some() || !text.contains([' ', '\t', '#']))
        };
        Some(Some(is_quoted.unwrap_or(value)).filter(is_plain))
    };
    variables.lines().filter_map(value).next_back()
}
