// Saves a chart as a picture or as a table.

import { FONT } from "./painter.js";

const HEAD = 30;
const LEGEND_LINE = 18;

/** The picture of `canvas` with the title above and the names of the lines below. */
export function downloadPng(canvas, title, lines, theme) {
  const ratio = devicePixelRatio;
  const width = canvas.width / ratio;
  const height = canvas.height / ratio;
  const picture = document.createElement("canvas");
  picture.width = canvas.width;
  picture.height = (HEAD + height + lines.length * LEGEND_LINE + 8) * ratio;

  const ctx = picture.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.fillStyle = theme.panel;
  ctx.fillRect(0, 0, width, picture.height);
  ctx.fillStyle = theme.text;
  ctx.font = `bold ${FONT.replace("11px", "13px")}`;
  ctx.fillText(title, 8, 20, width - 16);
  ctx.drawImage(canvas, 0, HEAD, width, height);
  ctx.font = FONT;
  lines.forEach(({ label, color }, index) => {
    const y = HEAD + height + 14 + index * LEGEND_LINE;
    ctx.fillStyle = color;
    ctx.fillRect(10, y - 8, 14, 8);
    ctx.fillStyle = theme.text;
    ctx.fillText(label, 30, y, width - 38);
  });
  picture.toBlob((blob) => download(blob, `${fileName(title)}.png`));
}

/** One row for each point: `name,x,value,min,max`. */
export function downloadCsv(title, lines) {
  const rows = [["name", "x", "value", "min", "max"]];
  for (const { label, x, raw, min, max } of lines) {
    x.forEach((position, index) => rows.push([label, position, raw[index] ?? "NaN", min?.[index] ?? "", max?.[index] ?? ""]));
  }
  const text = rows.map((row) => row.map(csvCell).join(",")).join("\n");
  download(new Blob([text, "\n"], { type: "text/csv" }), `${fileName(title)}.csv`);
}

function csvCell(value) {
  if (typeof value === "number") return String(value);
  // A spreadsheet would run a name that begins like a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function fileName(title) {
  return title.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80) || "chart";
}

function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The browser needs the address until it has begun to read.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
