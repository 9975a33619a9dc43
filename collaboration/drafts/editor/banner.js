// The first line of the bundle: from what it was made, so that a stale one is noticed.
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");

const hash = createHash("sha256");
for (const name of ["editor.js", "package-lock.json"]) hash.update(readFileSync(name));
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const parts = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
console.log(`/* MIT licensed: ${parts.join(", ")}. Built from ${hash.digest("hex")} */`);
