import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildInputs } from '#engine/host/entries.ts';

const out = fileURLToPath(new URL('../../out', import.meta.url));
const skip = existsSync(out) ? false : 'nothing is built: npm run build';

/** Bytes; what is loaded before the first paint, with room for a view or two. Growth beyond it wants a reason. */
const rendererScriptsGzipMax = 440_000;
const rendererStylesGzipMax = 40_000;
const preloadMax = 32_000;

function filesOf(folder: string, suffix: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

function gzippedBytes(folder: string, suffix: string): number {
  return filesOf(folder, suffix).reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
}

describe('bundle', { skip }, () => {
  test('every process and worker has its file', () => {
    const missing = ['index', ...Object.keys(buildInputs)].filter((name) => !existsSync(`${out}/main/${name}.js`));
    assert.deepEqual(missing, []);
  });

  test('the preload is one small CommonJS file that requires electron alone', () => {
    assert.deepEqual(readdirSync(`${out}/preload`), ['index.cjs']);
    const text = readFileSync(`${out}/preload/index.cjs`, 'utf8');
    const required = [...text.matchAll(/\brequire\(\s*["'`]([^"'`]+)["'`]\s*\)/g)].map((match) => match[1]);
    assert.deepEqual([...new Set(required)], ['electron']);
    assert.doesNotMatch(text, /\bimport\s*\(/);
    assert.ok(statSync(`${out}/preload/index.cjs`).size <= preloadMax);
  });

  test('the page runs nothing inline and loads nothing from elsewhere, as its CSP demands', () => {
    const html = readFileSync(`${out}/renderer/index.html`, 'utf8');
    for (const [tag] of html.matchAll(/<script\b[^>]*>/g)) assert.match(tag, /\bsrc="\.?\/[^/]/, tag);
    assert.doesNotMatch(html, /<style\b|\sstyle=|\son\w+=/);
    assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
  });

  test('the bundle has no eval, which the CSP forbids', () => {
    for (const file of filesOf(`${out}/renderer`, '.js')) {
      const text = readFileSync(file, 'utf8');
      // zod probes for `new Function` and does without it, so this looks for direct calls only.
      assert.doesNotMatch(text, /(?<![\w.$])eval\(/, file);
    }
  });

  test('the window stays within its size', () => {
    const scripts = gzippedBytes(`${out}/renderer`, '.js');
    const styles = gzippedBytes(`${out}/renderer`, '.css');
    assert.ok(scripts <= rendererScriptsGzipMax, `scripts: ${scripts} bytes gzipped`);
    assert.ok(styles <= rendererStylesGzipMax, `styles: ${styles} bytes gzipped`);
  });

  test('no test support reaches a bundle', () => {
    for (const file of filesOf(`${out}/main`, '.js')) {
      assert.doesNotMatch(readFileSync(file, 'utf8'), /from ["'](node:test|fast-check|playwright-core)["']/, file);
    }
  });
});
