import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { ToyTree } from '#test/support/toy-tree.ts';
import { temporaryFolder } from './command-line.ts';

/** A whole compilation, or the whole contract. */
const patience = { timeout: 230_000 };

describe('a transport is one file, one folder and three lines', () => {
  let tree: ToyTree;
  before(() => {
    tree = new ToyTree();
  });
  after(() => tree[Symbol.dispose]());

  test(
    'with its descriptor alone the compiler asks for the other two lines and for nothing else',
    patience,
    async () => {
      tree.put('src/shared/transports/toy.ts');
      tree.addLine('descriptor');
      const errors = await tree.typeErrors('tsconfig.node.json');
      const files = new Set(errors.map((error) => error.replace(/\(.*/, '')));
      assert.deepEqual([...files].toSorted(), ['src/engine/transport/registry.ts', 'src/shared/dissect/registry.ts']);
      for (const error of errors) assert.match(error, /'toy' is missing/);
    },
  );

  test('with all of it everything compiles, the window too', patience, async () => {
    tree.put('src');
    tree.addLine('registration');
    tree.addLine('dissector');
    const errors = await Promise.all(['tsconfig.node.json', 'tsconfig.web.json'].map((one) => tree.typeErrors(one)));
    assert.deepEqual(errors.flat(), []);
  });

  test('it keeps the contract of transports, and what is checked of descriptors', patience, async () => {
    const { status, output } = await tree.run([
      '--test',
      'src/engine/transport/toy/toy-transport.test.ts',
      'src/shared/transports/transports.test.ts',
    ]);
    assert.equal(status, 0, output.slice(-8000));
    assert.ok(Number(/^. pass (\d+)$/m.exec(output)?.[1]) > 30, output.slice(-500));
  });

  test('the command line offers it, says what it takes, and runs a demo over it', patience, async () => {
    const data = temporaryFolder();
    const command = (...args: string[]) =>
      tree.run([join('scripts', 'roundscope.mjs'), ...args], { ROUNDSCOPE_DATA: data });
    const help = await command('demo', '--help');
    assert.match(help.output, /quic, mqtt, amqp, grpc, dds, toy/);
    const wrong = await command('demo', '--headless', '--transport', 'pigeon');
    assert.match(wrong.output, /--transport takes quic, mqtt, amqp, grpc, dds, toy, several of them/);
    const check = await command('check');
    assert.match(check.output, /Toy.*Node’s own TLS beside zod \d/s);
    const demo = await command('demo', '--headless', '--transport', 'toy', '--rounds', '2', '--json');
    assert.equal(demo.status, 0, demo.output.slice(-4000));
    const summary = JSON.parse(
      demo.output
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('{')) ?? '',
    ) as {
      readonly rounds_completed: number;
      readonly participants: readonly { readonly transport: string; readonly stack: string }[];
    };
    assert.equal(summary.rounds_completed, 2);
    for (const one of summary.participants) assert.deepEqual([one.transport, one.stack], ['toy', 'toy-tls']);
  });
});
