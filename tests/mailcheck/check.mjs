// Holds an issue's HTML against caniemail.com's data for Gmail, Outlook and Apple Mail (docs/email.md).
//
//   node check.mjs DOC FILE…
//
// Two linters of that data are asked: doiuse-email, and caniemail, whose data are newer. Each feature that one of these
// programs does not support, or only in part, must stand in a row of the table in DOC, with what takes its place there:
//   | `feature` | which programs, as this script prints them | what takes its place |
// Ends with 1 where a finding has no such row, or a row no finding any more.

import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";
import { doIUseEmail } from "doiuse-email";

const CLIENTS = ["gmail.*", "outlook.*", "apple-mail.*"];
const NAMES = {
  gmail: ["Gmail", { "desktop-webmail": "web", "mobile-webmail": "mobile web", android: "Android", ios: "iOS" }],
  outlook: [
    "Outlook",
    { "outlook-com": "web", windows: "Windows", "windows-mail": "Windows Mail", macos: "Mac", android: "Android", ios: "iOS" },
  ],
  "apple-mail": ["Apple Mail", { macos: "Mac", ios: "iOS" }],
};

function inWords(clients) {
  const families = Object.entries(NAMES).flatMap(([family, [name, kinds]]) => {
    const found = Object.keys(kinds).filter((kind) => clients.includes(`${family}.${kind}`));
    if (!found.length) return [];
    return [found.length === Object.keys(kinds).length ? name : `${name} (${found.map((kind) => kinds[kind]).join(", ")})`];
  });
  return families.join(", ");
}

function findings(html) {
  const found = new Map(); // feature -> client -> whether it lacks it wholly
  const add = (feature, client, wholly) => {
    const clients = found.get(feature) ?? found.set(feature, new Map()).get(feature);
    clients.set(client, wholly || Boolean(clients.get(client)));
  };
  const { issues } = caniemail({ clients: CLIENTS, html });
  for (const [wholly, byClient] of [[true, issues.errors], [false, issues.warnings]]) {
    for (const [client, list] of byClient) for (const issue of list) add(issue.title, client, wholly);
  }
  const result = doIUseEmail(html, { emailClients: CLIENTS });
  for (const [wholly, messages] of [[true, result.errors ?? []], [false, result.warnings]]) {
    for (const message of messages) {
      const said = /^`(.+?)` is .*by `(.+?)`$/.exec(message);
      if (!said) throw new Error(`doiuse-email says something new: ${message}`);
      add(said[1], said[2], wholly);
    }
  }
  return found;
}

function listed(doc) {
  const rows = readFileSync(doc, "utf8").matchAll(/^\| `(.+?)` \| (.+?) \| .+ \|$/gm);
  return new Map(Array.from(rows, ([, feature, programs]) => [feature, programs]));
}

const [doc, ...files] = process.argv.slice(2);
const rows = listed(doc);
const all = new Map();
for (const file of files) {
  for (const [feature, clients] of findings(readFileSync(file, "utf8"))) {
    const known = all.get(feature) ?? all.set(feature, new Map()).get(feature);
    for (const [client, wholly] of clients) known.set(client, wholly || Boolean(known.get(client)));
  }
}
const wrong = [];
for (const [feature, clients] of [...all].sort()) {
  const named = (wholly) => inWords([...clients].filter(([, whole]) => whole === wholly).map(([client]) => client));
  const words = [["not", named(true)], ["partly", named(false)]].filter(([, list]) => list);
  const programs = words.map(([how, list]) => `${how}: ${list}`).join("; ");
  if (rows.get(feature) !== programs) wrong.push(`missing in ${doc}: | \`${feature}\` | ${programs} |`);
}
for (const feature of rows.keys()) {
  if (!all.has(feature)) wrong.push(`no longer found, take it out of ${doc}: ${feature}`);
}
wrong.forEach((line) => console.log(line));
console.log(`mail-check: ${all.size} findings in ${files.length} files, ${wrong.length} to be seen to`);
process.exit(wrong.length ? 1 : 0);
