import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { preview, build } from 'vite';
import type { InlineConfig } from 'vite';

/**
 * Builds the renderer on a recorded session and serves it: `node test/support/page/preview.ts [PORT] [OUT]`. Open
 * `/?run=stalled#/rounds`; what the query understands is told in `preview/main.tsx`.
 */
export async function buildPreview(outDir: string): Promise<InlineConfig> {
  const root = fileURLToPath(new URL('../preview', import.meta.url));
  const config: InlineConfig = {
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    build: { outDir, emptyOutDir: true, minify: false, target: 'chrome120' },
  };
  await build(config);
  return config;
}

if (import.meta.main) {
  const port = Number(process.argv[2] ?? 5199);
  const outDir = process.argv[3] ?? fileURLToPath(new URL('../../../out/preview', import.meta.url));
  const server = await preview({
    ...(await buildPreview(outDir)),
    preview: { port, strictPort: true, host: '127.0.0.1' },
  });
  console.log(`preview on ${server.resolvedUrls?.local[0] ?? port}`);
}
