// What a link to a workspace carries: filter, order, grouping and page, kept in the query of the address.

import { queryString } from "./api.js";
import { replaceQuery } from "./router.js";

const DEFAULT_SORT = "-created";

export function readView() {
  const query = new URLSearchParams(location.search);
  return {
    filter: query.get("filter") ?? "",
    sort: query.get("sort") ?? DEFAULT_SORT,
    group: query.get("group") ?? "",
    page: Math.max(1, Math.floor(Number(query.get("page"))) || 1),
  };
}

export function writeView({ filter, sort, group, page }) {
  replaceQuery(queryString({
    filter,
    sort: sort === DEFAULT_SORT ? "" : sort,
    group,
    page: page === 1 ? "" : page,
  }));
}
