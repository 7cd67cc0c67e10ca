// Starts the pages: the route table and the header.

import { session } from "./api.js";
import { start } from "./router.js";
import { renderHeader } from "./header.js";
import { installShortcuts } from "./shortcuts.js";

const WORKSPACE = () => import("./workspace.js");
const projectTitle = ({ entity, project }) => `${project} · ${entity}`;

// The first match wins. The last entry is the page for addresses that match nothing.
const ROUTES = [
  { pattern: [], load: () => import("./projects.js"), title: () => "Projects" },
  { pattern: ["login"], load: () => import("./login.js"), title: () => "Log in" },
  { pattern: ["authorize"], load: () => import("./authorize.js"), title: () => "API key" },
  { pattern: [":entity"], load: () => import("./projects.js"), title: ({ entity }) => entity },
  {
    pattern: [":entity", ":project", "runs", ":run", ":tab?"],
    load: () => import("./run.js"),
    title: ({ run, project }) => `${run} · ${project}`,
  },
  {
    pattern: [":entity", ":project", "compare"],
    load: () => import("./compare.js"),
    title: ({ project }) => `Compare · ${project}`,
  },
  {
    pattern: [":entity", ":project", "artifacts", ":collection?", ":version?"],
    load: () => import("./artifacts.js"),
    title: ({ collection, project }) => `${collection ?? "Artifacts"} · ${project}`,
  },
  {
    pattern: [":entity", ":project", "sweeps", ":sweep"],
    load: () => import("./sweep.js"),
    title: ({ sweep, project }) => `Sweep ${sweep} · ${project}`,
  },
  ...["workspace", "runs", "table", "charts"].map((view) => ({ pattern: [":entity", ":project", view], load: WORKSPACE, title: projectTitle })),
  { pattern: [":entity", ":project"], load: WORKSPACE, title: projectTitle },
  { pattern: ["404"], load: () => import("./not-found.js"), title: () => "Not found" },
];

async function main() {
  installShortcuts();
  const current = await session().catch((error) => ({ error }));
  // The reader is on the way to the login page; nothing else should flash by.
  if (current.error?.status === 401 && location.pathname !== "/login") return;
  await start(ROUTES, (params) => renderHeader(document.getElementById("header"), params, current.error ? null : current));
}

main();
