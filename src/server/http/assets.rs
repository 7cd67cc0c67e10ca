//! The pages' own files, in the program itself.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::{failed, text_of};

/// What pages may do: load what this server has, and nothing else; no scripts within pages.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; \
script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../web/", $name)))),*]
    };
}

/// Every file of the pages, by its name.
const FILES: &[(&str, &[u8])] = files![
    "ansi.js",
    "api.js",
    "app.js",
    "artifact-version.js",
    "artifacts.js",
    "authorize.js",
    "axes.js",
    "bulk.js",
    "chart-export.js",
    "chart-input.js",
    "chart-panel.js",
    "chart-toolbar.js",
    "chart.js",
    "charts.css",
    "charts.js",
    "columns.js",
    "compare-table.js",
    "compare.js",
    "data-table.js",
    "dialog.js",
    "dom.js",
    "editable.js",
    "file-tree.js",
    "files.js",
    "filter-box.js",
    "flatten.js",
    "format.js",
    "frame.js",
    "gradient.js",
    "grouping.js",
    "header.js",
    "histogram-data.js",
    "histogram.js",
    "hover.js",
    "icons.js",
    "index.html",
    "keep-fresh.js",
    "lines.js",
    "log-pages.js",
    "log-search.js",
    "log-view.js",
    "login.js",
    "logs.js",
    "media-file.js",
    "media-image.js",
    "media-table.js",
    "media.js",
    "menu.js",
    "metric-sections.js",
    "not-found.js",
    "overview.js",
    "pager.js",
    "painter.js",
    "palette.js",
    "parallel-plot.js",
    "parallel-ranges.js",
    "parallel.js",
    "picture.js",
    "plot-tip.js",
    "points.js",
    "preview.js",
    "projects.js",
    "router.js",
    "run-artifacts.js",
    "run-charts.js",
    "run-groups.js",
    "run-header.js",
    "run-row.js",
    "run-system.js",
    "run.css",
    "run.js",
    "runs-table.js",
    "scatter.js",
    "series-loader.js",
    "shell-commands.js",
    "shortcuts.js",
    "smooth.js",
    "splitter.js",
    "step-slider.js",
    "store.js",
    "style.css",
    "svg.js",
    "sweep.js",
    "theme-early.js",
    "tooltip.js",
    "tree.js",
    "value-axis.js",
    "view-state.js",
    "visibility.js",
    "workspace.css",
    "workspace.js",
];

/// `GET /-/static/{name}`.
pub(super) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((_, content)) = FILES.iter().find(|(known, _)| *known == name) else {
        return failed(StatusCode::NOT_FOUND, "not found");
    };
    // A newer program has newer files: browsers ask each time and are mostly told that nothing has changed.
    let tag = format!("\"{:08x}\"", crc32fast::hash(content));
    let caching = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    if text_of(&headers, "if-none-match") == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (
        caching,
        [
            (header::CONTENT_TYPE, content_type(&name)),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ],
        *content,
    )
        .into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        _ => "text/html; charset=utf-8",
    }
}

/// Any other address is that of a page: its script shows what belongs there, or that nothing does.
pub(super) async fn page(method: axum::http::Method, uri: Uri) -> Response {
    if uri.path().starts_with("/-/")
        || !matches!(method, axum::http::Method::GET | axum::http::Method::HEAD)
    {
        return failed(StatusCode::NOT_FOUND, "not found");
    }
    let content: &[u8] = FILES
        .iter()
        .find(|(name, _)| *name == "index.html")
        .map_or(&[], |(_, content)| content);
    let headers = [
        (header::CONTENT_TYPE, content_type("index.html")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, content).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_the_pages_is_there() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/web");
        let found: BTreeSet<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let known: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn pages_ask_nobody_else() {
        for (name, content) in FILES {
            let text = String::from_utf8_lossy(content);
            let outside = text
                .match_indices("http")
                .map(|(at, _)| &text[at..text.len().min(at + 40)])
                .find(|link| {
                    (link.starts_with("http://") || link.starts_with("https://"))
                        && !link.starts_with("http://www.w3.org/")
                        && !link.contains("${")
                });
            assert_eq!(outside, None, "{name}");
        }
    }
}
