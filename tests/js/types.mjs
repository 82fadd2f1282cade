// Fails if `client.d.ts` declares what `client.js` does not have, or leaves out what it has.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import ts from "typescript";

import * as client from "../../notifications/javascript/client.js";
import { BROWSER } from "../../notifications/javascript/client/environment.js";

const path = fileURLToPath(new URL("../../notifications/static/clarion/client.d.ts", import.meta.url));
const source = ts.createSourceFile(path, ts.sys.readFile(path), ts.ScriptTarget.Latest, true);

const declared = new Map();
for (const statement of source.statements) {
  if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) declared.set(name.text, null);
  if (ts.isFunctionDeclaration(statement)) declared.set(statement.name.text, null);
  if (ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement)) {
    const members = statement.members.filter((member) => member.name).map((member) => member.name.text);
    declared.set(statement.name.text, { isClass: ts.isClassDeclaration(statement), members: new Set(members) });
  }
}
const values = [...declared].filter(([, value]) => value === null || value.isClass).map(([name]) => name);
assert.deepEqual(values.sort(), Object.keys(client).sort());

const inherited = new Set(["addEventListener", "removeEventListener"]); // declared for the types of their events
for (const name of ["ClarionClient", "Mailbox"]) {
  const has = Object.getOwnPropertyNames(client[name].prototype).filter((member) => member !== "constructor");
  assert.deepEqual([...declared.get(name).members].filter((member) => !inherited.has(member)).sort(), has.sort(), name);
}
const error = Object.keys(new client.ClarionError(500)).filter((member) => member !== "name");
assert.deepEqual([...declared.get("ClarionError").members].sort(), error.sort());
assert.deepEqual([...declared.get("Environment").members].sort(), Object.keys(BROWSER).sort());

// Printed for a comparison with the item in Python.
console.log(JSON.stringify([...declared.get("Item").members].sort()));
