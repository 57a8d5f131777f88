import type { PageSource } from './page-source.ts';

/**
 * Pages that the file keeps for later use: what lies on them was removed. Where their list cannot be followed to its end,
 * those that are known.
 */
export function freePages(source: PageSource): ReadonlySet<number> {
  const free = new Set<number>();
  let trunk = source.header.firstFreeTrunk;
  while (trunk !== 0 && !free.has(trunk)) {
    const page = source.page(trunk);
    if (page === null) break;
    free.add(trunk);
    const leaves = Math.min(page.readUInt32BE(4), Math.floor((page.length - 8) / 4));
    for (let i = 0; i < leaves; i++) free.add(page.readUInt32BE(8 + 4 * i));
    trunk = page.readUInt32BE(0);
  }
  return free;
}
