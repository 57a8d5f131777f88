import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { buildInputs } from './src/engine/host/entries.ts';

/** Absolute, so that an input that does not exist ends the build instead of being looked for among the packages. */
function fromRoot(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, path]) => [name, fileURLToPath(new URL(path, import.meta.url))]),
  );
}

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
        input: fromRoot({ index: 'src/main/index.ts', ...buildInputs }),
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      target: 'node24',
      // A sandboxed preload can require nothing but Electron's own module, and must be CommonJS.
      externalizeDeps: false,
      rollupOptions: {
        input: fromRoot({ index: 'src/preload/index.ts' }),
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
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
      rollupOptions: { input: fromRoot({ index: 'src/renderer/index.html' }) },
    },
  },
});
