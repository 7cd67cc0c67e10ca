// A list of log lines of which only the visible ones are in the document, so that a million lines scroll like ten.
//
// One formula places the rows, whether lines wrap or not and even where the list would be taller than browsers allow: with
// the scroll bar at the fraction t, the point t of the log is shown at the point t of the window. For rows of equal
// height in a space of their true height that is ordinary scrolling.

import { h } from "./dom.js";

const ROW_HEIGHT = 20;
// Firefox ignores elements higher than about 17 million pixels.
const MOST_PIXELS = 8_000_000;
// The scroll position is not always a whole number of pixels.
const END_TOLERANCE = 3;

/**
 * `lineCount()` tells how many lines there are, `makeRow(number)` the row of one and `rowKey(number)` a text that changes
 * whenever the row must be made anew. `followed(yes)` is called when the reader reaches or leaves the end.
 */
export function logView({ lineCount, makeRow, rowKey, followed }) {
  const rows = h("div", { class: "log-rows" });
  const space = h("div", { class: "log-space" }, rows);
  const element = h("div", { class: "log-view", tabindex: "0", role: "region", "aria-label": "Log lines", onscroll: onScroll }, space);
  const kept = new Map();
  let following = false;
  let frame = 0;
  let drawnLines = 0;

  const resizes = new ResizeObserver(schedule);
  resizes.observe(element);

  function schedule() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  }

  function onScroll() {
    const atEnd = element.scrollTop >= element.scrollHeight - element.clientHeight - END_TOLERANCE;
    setFollowing(atEnd);
    schedule();
  }

  function setFollowing(yes) {
    if (yes === following) return;
    following = yes;
    followed(yes);
  }

  function draw() {
    const total = lineCount();
    const anchorBefore = position() * drawnLines;
    space.style.height = `${Math.min(total * ROW_HEIGHT, MOST_PIXELS)}px`;
    if (following) element.scrollTop = element.scrollHeight;
    // In a compressed list, new lines move the meaning of a scroll position.
    else if (total * ROW_HEIGHT > MOST_PIXELS && total !== drawnLines && drawnLines > 0) scrollToFraction(anchorBefore / total);
    drawnLines = total;
    drawWindow(total);
  }

  function drawWindow(total) {
    const t = position();
    const height = element.clientHeight;
    const anchor = Math.min(Math.floor(t * total), Math.max(0, total - 1));
    const first = Math.max(0, anchor - Math.ceil((t * height) / ROW_HEIGHT) - 1);
    const end = Math.min(total, anchor + Math.ceil(((1 - t) * height) / ROW_HEIGHT) + 2);
    showRows(first, end);

    const anchorRow = rows.children[anchor - first];
    if (!anchorRow) return;
    const insideRow = (t * total - anchor) * anchorRow.offsetHeight;
    const top = element.scrollTop + t * height - anchorRow.offsetTop - insideRow;
    rows.style.transform = `translateY(${Math.max(0, top)}px)`;
  }

  /** Rows that stay are left alone, so that a selection survives scrolling and new lines. */
  function showRows(first, end) {
    const wanted = [];
    for (let number = first; number < end; number++) {
      const key = rowKey(number);
      const old = kept.get(number);
      wanted.push([number, old?.key === key ? old : { key, node: makeRow(number) }]);
    }
    kept.clear();
    for (const [number, row] of wanted) kept.set(number, row);
    const nodes = wanted.map(([, { node }]) => node);
    const staying = new Set(nodes);
    for (const child of [...rows.children]) if (!staying.has(child)) child.remove();
    nodes.forEach((node, index) => {
      if (rows.children[index] !== node) rows.insertBefore(node, rows.children[index] ?? null);
    });
  }

  /** How far the list is scrolled, from 0 to 1. */
  function position() {
    const most = element.scrollHeight - element.clientHeight;
    return most > 0 ? Math.min(1, element.scrollTop / most) : 0;
  }

  function scrollToFraction(t) {
    element.scrollTop = t * (element.scrollHeight - element.clientHeight);
  }

  /** Where to scroll to see a line, with some lines before it. */
  function fractionFor(number) {
    const total = lineCount();
    // Of wrapped rows the heights are unknown; this brings the line to some place in the window.
    if (element.classList.contains("log-wrap")) return (number + 0.5) / Math.max(1, total);
    const height = element.clientHeight;
    const hidden = total * ROW_HEIGHT - height;
    return hidden > 0 ? Math.max(0, Math.min(1, (number * ROW_HEIGHT - height / 3) / hidden)) : 0;
  }

  return {
    element,
    draw: schedule,
    setWrap: (wrap) => {
      element.classList.toggle("log-wrap", wrap);
      schedule();
    },
    showLine(number) {
      setFollowing(false);
      draw();
      scrollToFraction(fractionFor(number));
      draw();
    },
    showEnd() {
      setFollowing(true);
      draw();
    },
    destroy() {
      resizes.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
