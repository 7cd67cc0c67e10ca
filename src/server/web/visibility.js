// Which runs are drawn in the charts. Until the reader says otherwise, the first few of the list are.

import { load, save } from "./store.js";

const MOST_REMEMBERED = 2000;

export class Visibility {
  #key;
  #choices;

  constructor(entity, project) {
    this.#key = `visible:${entity}/${project}`;
    this.#choices = new Map(load(this.#key, []));
  }

  /** `byDefault` is how many runs at the head of the list are visible without a choice. */
  visibleIds(rows, byDefault) {
    const visible = rows.filter(({ id }, index) => this.#choices.get(id) ?? index < byDefault);
    return new Set(visible.map(({ id }) => id));
  }

  set(ids, isVisible) {
    for (const id of ids) {
      // Taken out first, so that the latest choices are the last ones and survive the cut.
      this.#choices.delete(id);
      this.#choices.set(id, isVisible);
    }
    save(this.#key, [...this.#choices].slice(-MOST_REMEMBERED));
  }
}
