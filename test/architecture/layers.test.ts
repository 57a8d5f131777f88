import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importFault, isIn, isTest, layerOf, layers, packageFault } from '../../layers.ts';
import { importGraph, importsOf } from './import-graph.ts';
import type { ImportEdge } from './import-graph.ts';

const root = fileURLToPath(new URL('../../', import.meta.url))
  .replaceAll('\\', '/')
  .replace(/\/$/, '');

function faultOf(edge: ImportEdge): string | undefined {
  if (edge.to === undefined) return packageFault(edge.from, edge.specifier);
  const fault = importFault(edge.from, edge.to);
  if (fault !== undefined) return fault;
  const leavesFolder = edge.specifier.startsWith('.') && !isIn(edge.to, folderOf(edge.from));
  return leavesFolder && !isTest(edge.from)
    ? 'a folder is left by name (#…), relative paths stay inside it'
    : undefined;
}

/** `src/engine` of `src/engine/link/link.ts`: the folders that package.json gives a name. */
function folderOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

/** A row for a single file is an exception within its folder, so it does not make a circle of folders. */
function isFile(layerPath: string): boolean {
  return layerPath.endsWith('.ts');
}

function describeFault(edge: ImportEdge, fault: string): string {
  return `${edge.from}:${edge.line} → ${edge.to ?? edge.specifier}\n    ${fault}`;
}

function faultsIn(file: string, text: string): string[] {
  return importsOf(file, text).flatMap((edge) => faultOf(edge) ?? []);
}

describe('layers', () => {
  test('every import of the source tree is allowed by layers.ts', () => {
    const { files, edges } = importGraph(root, ['src']);
    assert.ok(files.length >= 10, `the walk found ${files.length} files: it looks in the wrong place`);
    assert.ok(edges.length >= files.length, `the walk found ${edges.length} imports in ${files.length} files`);
    const faults = edges.flatMap((edge) => {
      const fault = faultOf(edge);
      return fault === undefined ? [] : [describeFault(edge, fault)];
    });
    const homeless = files.filter((file) => !layerOf(file)).map((file) => `${file} stands in no row of layers.ts`);
    assert.equal([...faults, ...homeless].join('\n'), '');
  });

  test('every name of package.json imports leads to a row', () => {
    const { imports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
      readonly imports: Readonly<Record<string, string>>;
    };
    const names = Object.entries(imports);
    assert.ok(names.length >= 10, `${names.length} names`);
    for (const [name, path] of names) {
      const folder = /^\.\/(.+)\/\*$/.exec(path)?.[1] ?? '';
      assert.equal(statSync(`${root}/${folder}`, { throwIfNoEntry: false })?.isDirectory(), true, `${name}: ${path}`);
      if (folder === 'test') continue;
      assert.equal(name, `#${folder.replace('src/', '')}/*`, 'a name is that of its folder below src');
      const rows = layers.filter((layer) => isIn(layer.path, folder));
      assert.ok(rows.length > 0, `${name} leads to ${folder}, in which no row lies`);
    }
  });

  test('every folder that a row names is one that a row describes, and is there', () => {
    for (const layer of layers) {
      assert.ok(statSync(`${root}/${layer.path}`, { throwIfNoEntry: false }), `${layer.path} is not there`);
      for (const path of layer.imports) {
        const known = layers.some((other) => isIn(other.path, path) || isIn(path, other.path));
        assert.ok(known, `${layer.path} names ${path}, which no row describes`);
      }
    }
  });

  test('no two layers import each other, directly or in a circle', () => {
    const visit = (path: string, trail: readonly string[]): void => {
      assert.ok(!trail.includes(path), `layers.ts goes in a circle: ${[...trail, path].join(' → ')}`);
      const layer = layers.find((other) => other.path === path);
      for (const next of layer?.imports ?? []) {
        for (const below of layers.filter(
          (other) => isIn(other.path, next) && other.path !== path && !isFile(other.path),
        )) {
          if (!isTest(path) && !isFile(path)) visit(below.path, [...trail, path]);
        }
      }
    };
    for (const layer of layers) visit(layer.path, []);
  });

  const planted: readonly (readonly [string, string, string, RegExp])[] = [
    ['upwards', 'src/engine/link/a.ts', `import { x } from '#engine/round/b.ts';`, /may import/],
    ['by type only', 'src/engine/link/a.ts', `import type { X } from '#engine/round/b.ts';`, /may import/],
    ['dynamically', 'src/engine/link/a.ts', `const x = await import('#engine/round/b.ts');`, /may import/],
    ['by re-export', 'src/engine/codec/a.ts', `export { x } from '#engine/link/b.ts';`, /may import/],
    ['by a star', 'src/engine/codec/a.ts', `export * from '#engine/link/b.ts';`, /may import/],
    ['a sibling', 'src/engine/recorder/a.ts', `import { x } from '#engine/diagnosis/b.ts';`, /event bus/],
    ['a view from a view', 'src/renderer/views/rounds/a.tsx', `import '#renderer/views/packets/b.tsx';`, /no view/],
    ['past a face', 'src/engine/link/a.ts', `import '#engine/transport/mqtt/b.ts';`, /only transport\.ts/],
    ['Node in shared', 'src/shared/base/a.ts', `import fs from 'node:fs';`, /no module of Node/],
    ['Node in the window', 'src/renderer/shell/a.tsx', `import fs from 'node:fs';`, /no module of Node/],
    ['Electron in the service', 'src/service/a.ts', `import { app } from 'electron';`, /main and preload/],
    ['the engine from the window', 'src/renderer/session/a.ts', `import '#engine/link/link.ts';`, /may import/],
    ['a test', 'src/engine/link/a.ts', `import '#test/support/clock.ts';`, /tests alone/],
    ['out of its folder', 'src/engine/link/a.ts', `import { x } from '../../shared/base/b.ts';`, /left by name/],
    ['from nowhere', 'src/util/a.ts', `import '#shared/base/assert.ts';`, /no row/],
  ];
  for (const [what, file, text, expected] of planted) {
    test(`a planted violation is found: ${what}`, () => {
      const faults = faultsIn(file, text);
      assert.equal(faults.length, 1, `found: ${faults.join('; ') || 'nothing'}`);
      assert.match(faults[0] ?? '', expected);
    });
  }

  test('what is allowed passes', () => {
    assert.deepEqual(faultsIn('src/engine/link/a.ts', `import '#engine/transport/transport.ts'; import './b.ts';`), []);
    assert.deepEqual(faultsIn('src/engine/transport/mqtt/a.ts', `import '../transport.ts'; import 'mqtt';`), []);
    assert.deepEqual(
      faultsIn('src/engine/trainer/worker/worker.ts', `import './b.ts'; import '#engine/host/c.ts';`),
      [],
    );
    assert.deepEqual(faultsIn('src/renderer/shell/a.tsx', `import '../views/rounds/b.tsx'; import 'react';`), []);
    assert.deepEqual(faultsIn('src/engine/link/a.test.ts', `import '#test/support/clock.ts';`), []);
  });
});
