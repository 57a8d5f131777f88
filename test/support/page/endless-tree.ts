import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const pageBytes = 4096;
/** Interior and leaf pages of a table, as in SQLite's file format (sqlite.org/fileformat2.html, 1.6). */
const interior = 5;
const levels = 12;

/**
 * Makes a table of a recording one that nobody reads to its end: each page of its tree has all its children in one and the
 * same page below, so a few kilobytes hold more rows than could be looked at in a lifetime.
 * @param path a recording that is closed, with rows enough in the table for a page at least
 */
export function makeEndless(path: string, table: string): void {
  const root = rootOf(path, table);
  const bytes = readFileSync(path);
  const pages = bytes.length / pageBytes;
  const leaf = leafBelow(bytes, root);
  const added = Array.from({ length: levels }, (_, i) => fullPage(i === levels - 1 ? leaf : pages + i + 2));
  fullPage(pages + 1).copy(bytes, (root - 1) * pageBytes);
  const whole = Buffer.concat([bytes, ...added]);
  // The size of the file in pages stands in its header.
  whole.writeUInt32BE(pages + levels, 28);
  writeFileSync(path, whole);
}

function rootOf(path: string, table: string): number {
  using db = new DatabaseSync(path, { readOnly: true });
  return Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)?.['rootpage']);
}

function leafBelow(bytes: Buffer, page: number): number {
  const at = (page - 1) * pageBytes;
  return bytes[at] === interior ? leafBelow(bytes, bytes.readUInt32BE(at + 8)) : page;
}

/** An interior page whose children are all `child`. */
function fullPage(child: number): Buffer {
  const cells = 400;
  const page = Buffer.alloc(pageBytes);
  page[0] = interior;
  page.writeUInt16BE(cells, 3);
  page.writeUInt32BE(child, 8);
  for (let i = 0; i < cells; i++) {
    const at = pageBytes - (i + 1) * 6;
    page.writeUInt32BE(child, at);
    // The key, a varint of two bytes.
    page[at + 4] = 0x80 | ((i + 1) >> 7);
    page[at + 5] = (i + 1) & 0x7f;
    page.writeUInt16BE(at, 12 + i * 2);
  }
  page.writeUInt16BE(pageBytes - cells * 6, 5);
  return page;
}
