// Terminal text as DOM: colours and styles (SGR sequences) become spans, every other escape sequence is dropped.

const ESCAPE = new RegExp([
  String.raw`(?:\x1b\[|\x9b)([\d;:]*)m`, // SGR: colours and styles
  String.raw`(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]`, // other CSI: cursor and screen
  String.raw`\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?`, // OSC: titles and links
  String.raw`\x1b[\x20-\x2f]*[\x30-\x7e]?`, // short sequences
  String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f]`, // control characters
].join("|"), "g");

// A megabyte in one line would make the page crawl.
const MOST_CHARACTERS = 10_000;

const FLAGS = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
const FLAGS_OFF = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"] };

/** The text of the line without any escape sequence. */
export function stripAnsi(line) {
  return plainText(parseAnsi(visiblePart(line)));
}

/** The line as a fragment of spans; the places where `search` occurs are marked. */
export function ansiFragment(line, search = "") {
  const fragment = document.createDocumentFragment();
  const visible = visiblePart(line);
  const pieces = parseAnsi(visible.slice(0, MOST_CHARACTERS));
  const marks = findAll(plainText(pieces), search);
  let offset = 0;
  for (const { text, style } of pieces) {
    for (const part of splitAtMarks(text, offset, marks)) fragment.append(styledNode(part.text, style, part.marked));
    offset += text.length;
  }
  const left = visible.length - MOST_CHARACTERS;
  if (left > 0) fragment.append(element("span", ["muted"], `… and ${left} more characters`));
  return fragment;
}

/** What a carriage return has overwritten is not on a terminal's screen any more. */
function visiblePart(line) {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}

/** The text as `[{text, style}]`; `style` is `{fg, bg, flags}` where a colour is null, 0–255 or "rgb(…)". */
function parseAnsi(text) {
  const pieces = [];
  let style = plainStyle();
  let from = 0;
  const take = (to) => to > from && pieces.push({ text: text.slice(from, to), style });
  for (const match of text.matchAll(ESCAPE)) {
    take(match.index);
    from = match.index + match[0].length;
    if (match[1] !== undefined) style = applySgr(style, sgrCodes(match[1]));
  }
  take(text.length);
  return pieces;
}

function plainText(pieces) {
  return pieces.map(({ text }) => text).join("");
}

/** `1;38:2::255:0:0` → `[1, 38, 2, 255, 0, 0]`. Sub-parameters after a colon count only for colours: `4:3` is underline. */
function sgrCodes(parameters) {
  return parameters.split(";").flatMap((parameter) => {
    const codes = parameter.replace(/^([34]8:2):\d*:(\d+:\d+:\d+)/, "$1:$2").split(":").map(Number);
    return codes[0] === 38 || codes[0] === 48 ? codes : codes.slice(0, 1);
  });
}

function plainStyle() {
  return { fg: null, bg: null, flags: [] };
}

function applySgr(style, codes) {
  let next = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) next = plainStyle();
    else if (FLAGS[code]) next.flags = [...new Set([...next.flags, FLAGS[code]])];
    else if (FLAGS_OFF[code]) next.flags = next.flags.filter((flag) => !FLAGS_OFF[code].includes(flag));
    else if (code === 38 || code === 48) {
      const { color, used } = extendedColor(codes.slice(i + 1));
      next[code === 38 ? "fg" : "bg"] = color;
      i += used;
    } else if (code === 39) next.fg = null;
    else if (code === 49) next.bg = null;
    else if (code >= 30 && code <= 37) next.fg = code - 30;
    else if (code >= 40 && code <= 47) next.bg = code - 40;
    else if (code >= 90 && code <= 97) next.fg = code - 82;
    else if (code >= 100 && code <= 107) next.bg = code - 92;
  }
  return next;
}

/** The colour that follows a 38 or 48: `5;N` or `2;R;G;B`; `used` is how many codes it took. */
function extendedColor([kind, ...values]) {
  if (kind === 5 && values[0] <= 255) return { color: values[0], used: 2 };
  if (kind === 2 && values.length >= 3) return { color: rgb(values.slice(0, 3)), used: 4 };
  return { color: null, used: 1 };
}

function rgb(channels) {
  return `rgb(${channels.map((channel) => Math.min(255, channel || 0)).join(" ")})`;
}

/** Colours 16–231 are a cube of 6×6×6, 232–255 a ramp of greys; the first 16 belong to the theme. */
function cssColor(color) {
  if (typeof color === "string") return color;
  if (color >= 232) return rgb(Array(3).fill(8 + (color - 232) * 10));
  const level = (digit) => (digit === 0 ? 0 : 55 + digit * 40);
  const index = color - 16;
  return rgb([Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map(level));
}

function styledNode(text, { fg, bg, flags }, marked) {
  // The colours of a mark must stay readable, so it hides those of the text.
  if (marked) return element("mark", [], text);
  if (fg === null && bg === null && flags.length === 0) return document.createTextNode(text);
  const inverse = flags.includes("inverse");
  const front = inverse ? bg : fg;
  const back = inverse ? fg : bg;
  const node = element("span", flags.map((flag) => `ansi-${flag}`), text);
  if (front !== null) paint(node, "fg", front);
  if (back !== null) {
    node.classList.add("ansi-on");
    paint(node, "bg", back);
  }
  return node;
}

function element(tag, classes, text) {
  const node = document.createElement(tag);
  if (classes.length > 0) node.className = classes.join(" ");
  node.textContent = text;
  return node;
}

function paint(node, layer, color) {
  if (typeof color === "number" && color < 16) node.classList.add(`ansi-${layer}-${color}`);
  else node.style[layer === "fg" ? "color" : "backgroundColor"] = cssColor(color);
}

/** The ranges where `wanted` occurs, ignoring case. */
function findAll(text, wanted) {
  const ranges = [];
  if (!wanted) return ranges;
  const haystack = text.toLowerCase();
  const needle = wanted.toLowerCase();
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + needle.length)) {
    ranges.push([at, at + needle.length]);
  }
  return ranges;
}

/** Cuts the piece that begins at `offset` of the line where a mark begins or ends. */
function splitAtMarks(text, offset, marks) {
  const parts = [];
  let at = 0;
  const take = (to, marked) => {
    if (to > at) parts.push({ text: text.slice(at, to), marked });
    at = Math.max(at, to);
  };
  for (const [from, to] of marks) {
    if (to <= offset || from >= offset + text.length) continue;
    take(Math.max(0, from - offset), false);
    take(Math.min(text.length, to - offset), true);
  }
  take(text.length, false);
  return parts;
}
