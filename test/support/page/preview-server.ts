import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preview } from 'vite';
import { buildPreview } from './preview.ts';

/** The window on recorded sessions, built and served on a free port until disposed. */
export async function servePreview(): Promise<AsyncDisposable & { readonly address: string }> {
  const outDir = mkdtempSync(join(tmpdir(), 'roundscope-preview-'));
  const server = await preview({ ...(await buildPreview(outDir)), preview: { port: 0, host: '127.0.0.1' } });
  return {
    address: server.resolvedUrls?.local[0] ?? '',
    [Symbol.asyncDispose]: async () => {
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}
