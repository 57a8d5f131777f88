import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertComplaint, roundscope } from './command-line.ts';

const commands = [
  'demo',
  'coordinate',
  'invite',
  'join',
  'serve',
  'broker-rules',
  'check',
  'runs',
  'replay',
  'packets',
  'diagnose',
  'model',
];

describe('usage', () => {
  test('every command has its help, on stdout', async () => {
    const overview = await roundscope(['--help']);
    assert.equal(overview.status, 0);
    for (const name of commands) assert.match(overview.stdout, new RegExp(`^ {2}${name} `, 'm'));
    const helps = await Promise.all(commands.map((name) => roundscope([name, '--help'])));
    for (const [index, { status, stdout, stderr }] of helps.entries()) {
      assert.equal(status, 0);
      assert.equal(stderr, '');
      assert.match(stdout, new RegExp(`^Usage: roundscope ${commands[index]}`, 'm'));
      assert.match(stdout, /^ {2}--help /m);
    }
    const demo = helps[0]?.stdout ?? '';
    for (const option of [
      'participants',
      'rounds',
      'transport',
      'control',
      'data',
      'split',
      'local-epochs',
      'seed',
      'fault',
      'record',
      'headless',
      'json',
    ])
      assert.match(demo, new RegExp(`^ {2}--${option}\\b`, 'm'));
  });

  const wrong: Record<string, readonly [readonly string[], RegExp]> = {
    'no command': [[], /^Usage: roundscope COMMAND/m],
    'an unknown command': [['coordinat'], /Did you mean coordinate\?/],
    'an unknown option': [['demo', '--roundz', '3'], /Did you mean --rounds\?/],
    'a value that is missing': [['demo', '--rounds'], /--rounds takes a value/],
    'a value that is no number': [['demo', '--rounds', 'many'], /--rounds takes a number/],
    'a number out of range': [['demo', '--participants', '0'], /--participants/],
    'a word too many': [['demo', 'now'], /one word too many/],
    'an unknown transport': [['demo', '--transport', 'pigeon'], /--transport takes quic, mqtt, .*mixed or auto/],
    'an unknown fault': [['demo', '--fault', 'kill-particpant'], /did you mean kill-participant\?/],
    'a fault on nobody': [['demo', '--fault', 'drop-link:node-9'], /there is no node-9/],
    'a port beyond the last': [['coordinate', '--port', '70000'], /--port takes a number from 0 to 65535/],
    'no participants': [['coordinate', '--participants', '0'], /--participants/],
    'a broker that is no URL': [
      ['coordinate', '--transport', 'mqtt', '--broker', 'localhost'],
      /--broker takes a URL such as mqtt:/,
    ],
    'a broker for another protocol than the transport': [
      ['coordinate', '--transport', 'amqp', '--broker', 'mqtt://localhost:1'],
      /--transport amqp uses none: write --transport mqtt, or give --broker an amqp:/,
    ],
    'the same the other way round': [
      ['coordinate', '--transport', 'quic,mqtt', '--broker', 'amqps://user:hidden@localhost:1'],
      /--transport quic,mqtt uses none: write --transport amqp, or give --broker an mqtt:/,
    ],
    'a broker for a transport that has none': [
      ['coordinate', '--broker', 'mqtt://localhost:1'],
      /--transport quic uses none: write --transport mqtt, or leave --broker out/,
    ],
    'no invitation': [['join'], /join takes the invitation/],
    'a run that is none': [['coordinate', '--run', 'a/b'], /--run takes letters, digits/],
    'a coordinator as a participant of its broker': [
      ['coordinate', '--transport', 'mqtt', '--broker', 'mqtt://anna%40r-1:hidden@localhost:1'],
      /that is anna at the broker of run r-1/,
    ],
    "a coordinator at another run's broker": [
      ['coordinate', '--run', 'r-2', '--transport', 'mqtt', '--broker', 'mqtt://coordinator%40r-1:hidden@localhost:1'],
      /its user is one of run r-1/,
    ],
    'nobody to invite': [['invite', '--state', '.'], /invite takes names/],
    'no folder to invite from': [['invite', 'anna'], /--state FOLDER/],
    'an invitation for a wildcard': [['invite', 'anna,+', '--state', '.'], /"\+": a name takes letters/],
    'an invitation that is over': [
      ['invite', 'anna', '--state', '.', '--until', '2020-01-01'],
      /--until: .*over already/,
    ],
    'a broker of no kind': [['broker-rules', 'mosqito', '--print'], /kind of broker: mosquitto or rabbitmq/],
    'passwords without a place': [['broker-rules', 'mosquitto'], /say --to FOLDER .*or --print/],
    'passwords of a wildcard': [
      ['broker-rules', 'rabbitmq', '--print', '--broker', 'amqps://b', '--participants', 'anna,.*'],
      /--participants: "\.\*": a name takes letters/,
    ],
    'a name that is none': [['join', 'INVITATION', '--name', 'a b'], /./],
  };
  test('what is wrong is named, with status 2', async () => {
    const entries = Object.entries(wrong);
    for (let at = 0; at < entries.length; at += 3) {
      await Promise.all(
        entries.slice(at, at + 3).map(async ([, [args, pattern]]) => {
          const exit = await roundscope(args);
          if (args.length > 0) assertComplaint(exit, 2, pattern);
          else assert.deepEqual([exit.status, pattern.test(exit.stdout)], [2, true]);
        }),
      );
    }
  });
});

describe('check', () => {
  test('says what works on this machine, in words and as JSON', async () => {
    const words = await roundscope(['check']);
    assert.equal(words.status, 0, words.stdout);
    for (const what of ['Node', 'Data folder', 'Bundled data', 'Training', 'QUIC', 'MQTT broker'])
      assert.match(words.stdout, new RegExp(`^✓ ${what}`, 'm'));
    const json = await roundscope(['check', '--json']);
    assert.equal(json.status, 0);
    const rows = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.ok(rows.length > 5);
    for (const row of rows) {
      assert.deepEqual(Object.keys(row).toSorted(), [
        'detail',
        'fix',
        ...('protocol' in row ? ['protocol'] : []),
        'required',
        'state',
        'what',
      ]);
      assert.ok(row['state'] === 'works' || row['fix'] !== '', `no fix for ${String(row['what'])}`);
    }
  });
});
