import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';

const names = ['first', 'second', 'third', 'fourth', 'fifth'];

/** Five classes of small PNGs: a bright bar in one of five places. Larger than the network that they are for, so they are scaled. */
export function writeFiveBars(folder: string, { classes = 5, perClass = 16, side = 20 } = {}): void {
  for (const [bar, name] of names.slice(0, classes).entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const data = Uint8Array.from({ length: side * side }, (_, at) => {
        const place = Math.floor((Math.floor(at / side) * names.length) / side);
        return (place === bar ? 180 : 20) + ((at * 31 + i * 17) % 60);
      });
      const path = join(folder, name, `${String(i).padStart(3, '0')}.png`);
      writeFileSync(path, encode({ width: side, height: side, data, channels: 1 }));
    }
  }
}
