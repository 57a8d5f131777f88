import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RoundscopeError } from '#shared/base/errors.ts';

export interface StaticFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** The built renderer, beside the sources in a checkout and beside `out/main` in a build. */
export function rendererFolder(): string {
  // From src/engine/host, from out/main and from out/main/chunks.
  const candidates = ['../../../out/renderer/', '../renderer/', '../../renderer/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const folder = candidates.find((path) => existsSync(join(path, 'index.html')) && path.includes(`${sep}out${sep}`));
  if (folder !== undefined) return folder;
  throw new RoundscopeError('internal', {
    layer: 'application',
    message: 'The window has not been built yet. Try: npm start',
  });
}

/**
 * Reads all files of a folder once, by their address. A closed list: an address that is not in it is not found, so no
 * path can climb out of the folder.
 */
export async function readStaticFiles(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const files = new Map<string, StaticFile>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`/${relative(folder, path).split(sep).join('/')}`, { type, bytes: await readFile(path) });
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}
