import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { selectionSettingsSchema } from '#shared/contract/run/selection.ts';
import { selectionFromEnvironment, selectionVariables, type Environment } from './environment.ts';

function settings(environment: Environment, given: Parameters<typeof selectionFromEnvironment>[1] = {}) {
  const checked = selectionFromEnvironment(environment, given);
  assert.ok(checked.ok, checked.ok ? '' : checked.error.message);
  return checked.value.settings;
}

describe('selection by environment variables', () => {
  test('nothing set, and what is unknown, empty or of others, leaves the defaults', () => {
    const usual = selectionSettingsSchema.parse({});
    assert.deepEqual(settings({}), usual);
    assert.deepEqual(settings({ PROTOCOL_SELECTION: '', USE_QUANTIZATION: 'perhaps', RL_QTABLE_MERGE: 'x' }), usual);
  });

  test('PROTOCOL_SELECTION: off, on, or a strategy by name', () => {
    assert.deepEqual(
      ['false', 'true', 'RULES', 'q-learning', '0'].map((value) => settings({ PROTOCOL_SELECTION: value }).strategy),
      ['fixed', 'bandit', 'rules', 'q-learning', 'fixed'],
    );
  });

  test('off without the reference: the first that the run offers; DEFAULT_PROTOCOL names another', () => {
    assert.equal(settings({ PROTOCOL_SELECTION: 'false' }).fixed, null);
    assert.equal(settings({ PROTOCOL_SELECTION: 'false', DEFAULT_PROTOCOL: 'gRPC' }).fixed, 'grpc');
    assert.equal(settings({ PROTOCOL_SELECTION: 'false', DEFAULT_PROTOCOL: 'http3' }).fixed, 'quic');
  });

  test('USE_RL_SELECTION as in the reference: Q-learning, or MQTT for all; PROTOCOL_SELECTION is asked first', () => {
    assert.equal(settings({ USE_RL_SELECTION: 'true' }).strategy, 'q-learning');
    const off = settings({ USE_RL_SELECTION: 'false' });
    assert.deepEqual([off.strategy, off.fixed], ['fixed', 'mqtt']);
    assert.equal(settings({ USE_RL_SELECTION: 'true', PROTOCOL_SELECTION: 'rules' }).strategy, 'rules');
  });

  test('what was said on the command line wins', () => {
    assert.equal(settings({ PROTOCOL_SELECTION: 'false' }, { strategy: 'bandit' }).strategy, 'bandit');
  });

  test('exploration, settling, reward and epsilon', () => {
    const { explore, qLearning } = settings({
      USE_RL_EXPLORATION: 'no',
      USE_QL_CONVERGENCE: 'yes',
      Q_CONVERGENCE_PATIENCE: '7',
      USE_COMMUNICATION_MODEL_REWARD: 'false',
      RESET_EPSILON: '1',
    });
    assert.equal(explore, false);
    assert.deepEqual([qLearning.patience, qLearning.expectedTimeInReward, qLearning.resetEpsilon], [7, false, true]);
    assert.equal(settings({ Q_CONVERGENCE_PATIENCE: '7' }).qLearning.patience, null);
  });

  for (const [name, value, takes] of [
    ['PROTOCOL_SELECTION', 'maybe', 'fixed, rules, q-learning, bandit'],
    ['DEFAULT_PROTOCOL', 'memory', 'quic, mqtt, amqp, grpc, dds'],
    ['USE_RL_SELECTION', 'ja', 'true or false'],
    ['Q_CONVERGENCE_PATIENCE', '0', 'from 1 to 1000'],
    ['Q_CONVERGENCE_PATIENCE', '1e3', 'from 1 to 1000'],
    ['RESET_EPSILON', '2', 'true or false'],
  ] as const) {
    test(`${name}=${value} is refused with what it takes`, () => {
      const checked = selectionFromEnvironment({ [name]: value });
      assert.ok(!checked.ok);
      assert.equal(checked.error.code, 'settings_invalid');
      assert.ok(checked.error.message.includes(name) && checked.error.message.includes(takes), checked.error.message);
    });
  }

  test('each variable has its row in the documentation', () => {
    const words = readFileSync(new URL('../../../docs/protocol-selection.md', import.meta.url), 'utf8');
    for (const name of selectionVariables) assert.ok(words.includes(`\`${name}\``), name);
  });
});
