import { readFile, writeFile } from 'node:fs/promises';

const marker = '<!-- figures -->';
const heading = /^## /m;

export interface Section {
  readonly title: string;
  readonly text: string;
}

/**
 * Writes sections into a file of results: one of the same title is replaced where it stands, new ones come last, what
 * others have measured stays.
 */
export async function writeSections(path: string, sections: readonly Section[]): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => `# Results\n\n${marker}\n`);
  await writeFile(path, withSections(before, sections));
}

export function withSections(before: string, sections: readonly Section[]): string {
  const [head = '', figures = ''] = before.includes(marker) ? before.split(marker) : [`${before}\n`, ''];
  const [preamble = '', ...rest] = figures.split(heading);
  const kept = new Map(rest.map((section) => [section.slice(0, section.indexOf('\n')), `## ${section.trim()}\n`]));
  for (const { title, text } of sections) kept.set(title, `## ${title}\n\n${text.trim()}\n`);
  return `${head}${marker}\n\n${[preamble.trim(), ...kept.values()]
    .filter((part) => part !== '')
    .join('\n\n')
    .trim()}\n`.replaceAll(/\n{3,}/g, '\n\n');
}
