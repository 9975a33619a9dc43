// The licences of all that is in the bundle.
const { existsSync, readFileSync } = require("node:fs");

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const [path, { version, dev }] of Object.entries(packages)) {
  const text = `${path}/LICENSE`;
  if (!path || dev || !existsSync(text)) continue;
  console.log(`=== ${path.replace("node_modules/", "")} ${version}\n\n${readFileSync(text, "utf8")}`);
}
