// Repeats a request some time after things have changed, so that a busy run does not cause one for every event.

import { events } from "./api.js";

/**
 * Calls `refresh()` at most once in `pauseMs` while changes come in for which `concerns(change)` is true. Returns the
 * function that stops it.
 */
export function keepFresh({ concerns, refresh, pauseMs }) {
  let timer = 0;
  const schedule = () => {
    timer ||= setTimeout(async () => {
      // A failed refresh keeps what is shown; the next change tries again.
      await refresh().catch(() => {});
      timer = 0;
    }, pauseMs);
  };
  const stop = events((change) => concerns(change) && schedule(), schedule);
  return () => {
    stop();
    clearTimeout(timer);
  };
}
