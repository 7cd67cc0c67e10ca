// Talks to the server: JSON requests, the session, and the stream of change events.

const ROOT = "/-/api";

class ApiError extends Error {
  /** `at` is the character offset of the fault when a filter expression is wrong. */
  constructor(status, message, at) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.at = at;
  }
}

/**
 * The address of an API request: `path("p", entity, project, "runs")`. Every segment is percent-encoded; for a file path
 * that keeps its slashes pass `...name.split("/")`.
 */
export function path(...segments) {
  return `${ROOT}/${segments.map(encodeURIComponent).join("/")}`;
}

/** The address of a page: `pagePath(entity, project, "runs", id)`. */
export function pagePath(...segments) {
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

/** `query` is an optional object; null, undefined and "" values are left out. */
export function get(path, query) {
  return request("GET", path + queryString(query));
}

export function post(path, body) {
  return request("POST", path, body);
}

export function patch(path, body) {
  return request("PATCH", path, body);
}

export function queryString(query) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, value);
  }
  const text = parameters.toString();
  return text && `?${text}`;
}

let sessionPromise = null;

/** The session, asked for once: `{mode, user, readonly, csrf, version, directory}`. */
export function session() {
  sessionPromise ??= get(path("session")).catch((error) => {
    sessionPromise = null;
    throw error;
  });
  return sessionPromise;
}

async function request(method, url, body) {
  const init = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  // Before login there is no session and so no token; the login request needs none.
  if (method !== "GET" && sessionPromise) init.headers["X-CSRF-Token"] = (await sessionPromise).csrf;

  let response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new ApiError(0, "The server does not answer. Is it still running?");
  }
  if (response.ok) return response.status === 204 ? null : response.json();

  const answer = await response.json().catch(() => ({}));
  if (response.status === 401) goToLogin();
  throw new ApiError(response.status, answer.error ?? `The server answered ${response.status}.`, answer.at);
}

function goToLogin() {
  if (location.pathname === "/login") return;
  location.assign(`/login${queryString({ next: location.pathname + location.search })}`);
}

const subscribers = new Set();
let source = null;
let retryTimer = 0;
let retryDelay = 1000;

/**
 * Calls `handler({entity, project, run, what})` for each change, and `onGap()` when changes may have been missed because
 * the connection was down. All subscribers share one connection, as browsers allow only six for each host.
 * Returns a function that ends the subscription.
 */
export function events(handler, onGap) {
  // A hidden tab is not connected, so what happens until it is shown is missed.
  const subscriber = { handler, onGap, missed: document.hidden };
  subscribers.add(subscriber);
  connect();
  return () => {
    subscribers.delete(subscriber);
    if (subscribers.size === 0) disconnect();
  };
}

function connect() {
  if (source || document.hidden || subscribers.size === 0) return;
  source = new EventSource(path("events"));
  source.onopen = () => {
    retryDelay = 1000;
    for (const subscriber of subscribers) {
      if (subscriber.missed) subscriber.onGap?.();
      subscriber.missed = false;
    }
  };
  source.onmessage = (message) => {
    const change = JSON.parse(message.data);
    for (const subscriber of subscribers) subscriber.handler(change);
  };
  source.onerror = () => {
    disconnect();
    retryTimer = setTimeout(connect, retryDelay);
    retryDelay = Math.min(retryDelay * 2, 30_000);
  };
}

function disconnect() {
  clearTimeout(retryTimer);
  if (!source) return;
  source.close();
  source = null;
  for (const subscriber of subscribers) subscriber.missed = true;
}

// A hidden tab gives its connection back: with six tabs open, the seventh would otherwise hang.
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
