// git diff --no-renames --name-only A...B | node .github/affected.mjs
// Which parts a change touches, as `crates=[…]` and `web=true|false` for the workflow: the crates whose files changed, and
// every crate that depends on one of them, for its tests too. What belongs to no crate may concern any: then all of them.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const changed = readFileSync(0, "utf8").split("\n").filter(Boolean);

const metadata = execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
const packages = JSON.parse(metadata).packages.map((each) => ({
  name: each.name,
  folder: relative(root, dirname(each.manifest_path)),
  needs: each.dependencies.filter((dependency) => dependency.path).map((dependency) => dependency.name),
}));
const names = packages.map((each) => each.name);

// Nothing is built or tested by these.
const prose = /^(docs\/|[^/]*\.md$|LICENSE)/;
const within = (folder) => (file) => file.startsWith(`${folder}/`);

function touched(file) {
  // The host's tests hold these against the program.
  if (["docs/ARCHITECTURE.md", "docs/observability.md", "docs/settings.md"].includes(file)) return ["folkshelf"];
  if (prose.test(file)) return [];
  // The host embeds the web app's build.
  if (within("apps/web")(file)) return ["folkshelf"];
  const owner = packages.find((each) => within(each.folder)(file));
  if (owner) return [owner.name];
  const [top, context] = file.split("/");
  if (top === "migrations" && names.includes(context)) return [context];
  return names;
}

const affected = new Set(changed.flatMap(touched));
for (let before = -1; before !== affected.size; ) {
  before = affected.size;
  for (const each of packages) {
    if (each.needs.some((need) => affected.has(need))) affected.add(each.name);
  }
}
// A context and its events are tested together.
const isEventsOfContext = (name) => name.endsWith("-events") && existsSync(join(root, "crates", name.slice(0, -7)));
for (const name of [...affected].filter(isEventsOfContext)) {
  affected.add(name.slice(0, -7));
  affected.delete(name);
}
const web = changed.some(within("apps/web")) || affected.has("folkshelf");
console.log(`crates=${JSON.stringify([...affected].sort())}`);
console.log(`web=${web}`);
