/**
 * Makes what browsers load of the sources beside this file: `static/clarion/client.js` and `inbox.js`, which imports it. Both are in
 * the repository, so that nobody needs Node to run Clarion; a test builds them again and compares. `make bundle` runs it.
 */

import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

import { build, transform } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** One client for whoever imports either module, or both. */
const shared = {
  name: "the client is a module of its own",
  setup: ({ onResolve }) => onResolve({ filter: /^\.\.\/client\.js$/ }, () => ({ path: "./client.js", external: true })),
};

/** A sheet is imported as its text. */
const sheets = {
  name: "sheets are texts",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    }),
};

/** The built modules, by name. */
export async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [here("client.js"), here("inbox.js")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    banner: { js: "/* Clarion, BSD-3-Clause. Made by `make bundle`. */" },
    outdir: here("../static/clarion"),
    plugins: [shared, sheets],
    write: false,
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(await bundle())) await writeFile(here(`../static/clarion/${name}`), text);
}
