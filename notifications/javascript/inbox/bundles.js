/**
 * Rows are kept in bundles, of which the browser lays out those that are in view: of each it has to think, and rows may be thousands.
 */

import { h } from "./dom.js";

const SIZE = 50; // rows

const hasRoom = (bundle) => bundle && bundle.childElementCount < SIZE;

export const firstRow = (list) => list.querySelector(".item");

export const rowAfter = (row) => row.nextElementSibling ?? row.parentNode.nextElementSibling?.firstElementChild ?? null;

/** Insert a row before another one, or at the end of the list. */
export function insertRow(list, row, next) {
  const behind = next?.parentNode ?? null;
  if (next?.previousElementSibling || hasRoom(behind)) {
    behind.insertBefore(row, next);
    return;
  }
  const before = behind ? behind.previousElementSibling : list.lastElementChild;
  const bundle = hasRoom(before) ? before : list.insertBefore(h("div", { className: "bundle", role: "none" }), behind);
  bundle.append(row);
}

export function removeRow(row) {
  const bundle = row.parentNode;
  row.remove();
  if (!bundle.childElementCount) bundle.remove();
}
