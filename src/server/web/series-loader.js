// Loads the points of charts. Charts that become visible together share one request.

import { path, post } from "./api.js";

const COLLECT_MS = 25;
// Answers stay small enough to arrive one after another instead of all at the end.
const CURVES_PER_REQUEST = 120;

export class SeriesLoader {
  #url;
  #waiting = [];
  #timer = 0;

  constructor(entity, project) {
    this.#url = path("p", entity, project, "series");
  }

  /**
   * Resolves to the series of one metric: a map from run id to `{x, last, min?, max?}`. `query` is
   * `{stream, metric, runs, x, from, to, points}`.
   */
  load(query) {
    this.#timer ||= setTimeout(() => this.#flush(), COLLECT_MS);
    return new Promise((resolve, reject) => this.#waiting.push({ query, resolve, reject }));
  }

  #flush() {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#timer = 0;
    const alike = Map.groupBy(waiting, ({ query }) => JSON.stringify({ ...query, metric: undefined }));
    for (const requests of alike.values()) {
      const size = Math.max(1, Math.floor(CURVES_PER_REQUEST / requests[0].query.runs.length));
      for (let first = 0; first < requests.length; first += size) this.#request(requests.slice(first, first + size));
    }
  }

  async #request(requests) {
    const { metric: _, ...shared } = requests[0].query;
    const metrics = [...new Set(requests.map(({ query }) => query.metric))];
    try {
      const { series } = await post(this.#url, { ...shared, metrics });
      for (const { query, resolve } of requests) {
        resolve(new Map(series.filter(({ metric }) => metric === query.metric).map((found) => [found.run, found])));
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
}
