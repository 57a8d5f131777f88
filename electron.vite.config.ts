import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { entrySources } from './src/engine/host/entries.ts';

function fromRoot(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** Inputs whose source exists; a missing one is named, so that a build of half the tree says that it is one. */
function present(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, path]) => {
      if (existsSync(fromRoot(path))) return [[name, fromRoot(path)]];
      console.warn(`left out of the build: ${name} (${path} does not exist)`);
      return [];
    }),
  );
}

const preload = present({ index: 'src/preload/index.ts' });
const renderer = present({ index: 'src/renderer/index.html' });

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      // Electron 45 embeds Node 24, and without Electron the same files run on the Node 24 of the `node` package.
      target: 'node24',
      // Packages stay in node_modules: several carry native parts that find their files from where they lie.
      externalizeDeps: true,
      sourcemap: true,
      rollupOptions: {
        input: present({ index: 'src/main/index.ts', ...entrySources }),
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  ...(Object.keys(preload).length > 0 && {
    preload: {
      build: {
        outDir: 'out/preload',
        target: 'node24',
        // A sandboxed preload can require nothing but Electron's own module, and must be CommonJS.
        externalizeDeps: false,
        rollupOptions: { input: preload, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
      },
    },
  }),
  ...(Object.keys(renderer).length > 0 && {
    renderer: {
      root: 'src/renderer',
      plugins: [react()],
      build: {
        outDir: 'out/renderer',
        target: 'es2023',
        minify: true,
        sourcemap: false,
        // The CSP allows scripts and styles from files only, so nothing may be inlined as a data address but small pictures.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        rollupOptions: { input: renderer },
      },
    },
  }),
});
