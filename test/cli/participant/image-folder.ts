import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';

const imagesPerClass = 24;
const bars = ['top', 'middle', 'bottom'] as const;

/** Three classes of small PNGs that a model can tell apart: a bright bar at the top, in the middle, at the bottom. */
export function writeImageFolder(
  folder: string,
  {
    corrupt = 0,
    side = 12,
    names = { top: 'top', middle: 'middle', bottom: 'bottom' },
  }: {
    readonly corrupt?: number;
    readonly side?: number;
    /** Name of each bar's folder; one that is absent is not written. */
    readonly names?: Readonly<Partial<Record<(typeof bars)[number], string>>>;
  } = {},
): void {
  for (const [bar, barName] of bars.entries()) {
    const name = names[barName];
    if (name === undefined) continue;
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < imagesPerClass; i++) {
      const data = Uint8Array.from({ length: side * side }, (_, at) => {
        const row = Math.floor(at / side);
        return (Math.floor((row * bars.length) / side) === bar ? 200 : 20) + ((at * 31 + i * 17) % 40);
      });
      const path = join(folder, name, `${String(i).padStart(3, '0')}.png`);
      writeFileSync(path, encode({ width: side, height: side, data, channels: 1 }));
    }
  }
  for (let i = 0; i < corrupt; i++)
    writeFileSync(join(folder, names.middle ?? '', `${String(i).padStart(3, '0')}.png`), 'once a picture');
}
