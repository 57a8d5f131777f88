import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { ToyTree } from '#test/support/toy-tree.ts';

test(
  'a transport that is added stands in the window, with its name, mark and color',
  { timeout: 230_000 },
  async () => {
    using tree = new ToyTree();
    tree.addToy();
    tree.put('test');
    const built = await tree.run([join('scripts', 'build.mjs')]);
    assert.equal(built.status, 0, built.output);
    const { status, output } = await tree.run(['--test', 'test/e2e/toy.test.ts']);
    assert.equal(status, 0, output.slice(-8000));
    assert.match(output, /^. pass 3$/m);
  },
);
