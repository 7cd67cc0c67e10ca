// Repeats a request some time after things have changed, so that a busy run does not cause one for every event.

import { events } from "./api.js";

/**
 * Calls `refresh()` at most once in `pauseMs` while changes come in for which `concerns(change)` is true. Returns the
 * function that stops it.
 */
export function keepFresh({ concerns, refresh, pauseMs }) {
  let timer = 0;
  let busy = false;
  let again = false;
  let stopped = false;

  function schedule() {
    // The answer under way may be older than this change.
    if (busy) again = true;
    else timer ||= setTimeout(run, pauseMs);
  }

  async function run() {
    timer = 0;
    busy = true;
    again = false;
    // A failed refresh keeps what is shown; the next change tries again.
    await refresh().catch(() => {});
    busy = false;
    if (again && !stopped) schedule();
  }

  const stop = events((change) => concerns(change) && schedule(), schedule);
  return () => {
    stopped = true;
    stop();
    clearTimeout(timer);
  };
}
