import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import { CoordinatorKit, hashOf } from '#test/support/kits/coordinator-kit.ts';

const graph = { hash: hashOf('a network'), bytes: 9 };
const model: ModelConfig = { inputShape: [1, 1, 3], numClasses: 2, graph };

test('whoever has a link gets the network of the run before it registers, so many times', () => {
  const kit = new CoordinatorKit({}, 8, { model });
  kit.open('node-1');
  assert.equal(kit.sent('model_graph').length, 0, 'it may have it already');
  for (let n = 0; n < limits.graphsPerLinkMax; n++) kit.say('node-1', 'graph_request', { hash: graph.hash });
  assert.deepEqual(
    kit.sent('model_graph', 'node-1').map((message) => message.model),
    new Array(limits.graphsPerLinkMax).fill(graph.hash),
  );
  assert.equal(kit.sent('error').length, 0);
  kit.say('node-1', 'graph_request', { hash: graph.hash });
  assert.equal(kit.sent('model_graph', 'node-1').length, limits.graphsPerLinkMax);
  assert.deepEqual(
    kit.sent('error', 'node-1').map(({ body }) => body.code),
    ['rate_exceeded'],
  );
  kit.register('node-1');
  assert.equal(kit.sent('welcome', 'node-1').length, 1, 'and may take part all the same');
  kit.open('node-2');
  kit.say('node-2', 'graph_request', { hash: graph.hash });
  assert.equal(kit.sent('model_graph', 'node-2').length, 1, 'each link on its own');
});

test('another network, or one of a run that has none, is refused', () => {
  for (const kit of [new CoordinatorKit({}, 8, { model }), new CoordinatorKit()]) {
    kit.open('node-1');
    kit.say('node-1', 'graph_request', { hash: hashOf('another') });
    assert.deepEqual(
      [kit.sent('model_graph').length, kit.sent('error').map(({ body }) => body.code)],
      [0, ['model_invalid']],
    );
  }
});
