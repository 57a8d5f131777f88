import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeSafetensors } from '#engine/codec/safetensors.ts';
import { RecordingWriter } from '#engine/recorder/writing/writer.ts';
import type { PacketDetail } from '#shared/contract/packet.ts';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import { nothingLost, packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { assertComplaint, roundscope, temporaryFolder } from './command-line.ts';

describe('bodies in the terminal', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'bodies.rscope');
  const model = encodeSafetensors([
    float32Tensor('dense.kernel', [2, 3], new Float32Array([1, -2, 3, Number.NaN, 0, 4])),
    float32Tensor('dense.bias', [2], new Float32Array([0.5, 0.25])),
  ]);
  const half = Math.ceil(model.length / 2);
  const row = (id: number, over: Partial<PacketDetail>): PacketDetail =>
    packetOf(id, {
      source: 'coordinator',
      side: 'received',
      participant: 'node-3',
      status: 'ok',
      messageId: '',
      replyTo: '',
      ...over,
    });
  const body = (bytes: Uint8Array, bodyBytes = bytes.length): Partial<PacketDetail> => ({
    bodySample: bytes.slice(),
    bodyBytes,
  });
  const huge = new TextEncoder().encode('{"a":{"dtype":"F32","shape":[1024,1024,1024],"data_offsets":[0,4294967296]}}');
  const claiming = new Uint8Array(8 + huge.length);
  new DataView(claiming.buffer).setBigUint64(0, BigInt(huge.length), true);
  claiming.set(huge, 8);
  before(() => {
    const packets = [
      row(1, { kind: 'model_update', messageId: 'm-1', chunk: '', bodyBytes: 0 }),
      row(2, { kind: 'chunk', messageId: 'm-1', chunk: '1/2', ...body(model.subarray(0, half)) }),
      // Sent again: each place counts once.
      row(3, { kind: 'chunk', messageId: 'm-1', chunk: '1/2', ...body(model.subarray(0, half)) }),
      row(4, { kind: 'chunk', messageId: 'm-1', chunk: '2/2', ...body(model.subarray(half)) }),
      row(5, { kind: 'reading', chunk: '', ...body(new Uint8Array(gzipSync('{"lossValue": 0.5}'))) }),
      row(6, { kind: 'reading', chunk: '', ...body(claiming) }),
      row(7, { kind: 'reading', chunk: '', ...body(new Uint8Array([8, 3, 0x12, 2, 0x68, 0x69])) }),
      row(8, { kind: 'reading', chunk: '', ...body(model.subarray(0, half), model.length) }),
      row(9, { kind: 'heartbeat', chunk: '', bodyBytes: 0 }),
    ];
    const options = {
      path,
      run: recordedRun,
      startedAt: 0,
      recorder: 'test',
      sizeBytesMax: 1e9,
      mode: 'create',
    } as const;
    using writer = new RecordingWriter(options);
    writer.write({ events: [], packets, lost: nothingLost });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('a model is put together from its chunks, with the figures of each array', async () => {
    const { status, stdout } = await roundscope(['packets', path, '--body', '4']);
    assert.equal(status, 0);
    assert.match(stdout, /^message m-1 in 2 chunks, a body of \d+ B\nsafetensors, 2 arrays\n/);
    assert.match(stdout, /dense\.kernel +f32 +2 × 3 +-2 +1\.2 +4 +[\d.]+ +1 +0\n/);
    const { lines } = await roundscope(['packets', path, '--body', '1', '--json']);
    const [decoded] = lines.map(
      (line) => line['decoded'] as { tensors: { name: string; stats: { nan_count: number } }[] },
    );
    assert.deepEqual(
      decoded?.tensors.map(({ name, stats }) => [name, stats.nan_count]),
      [
        ['dense.kernel', 1],
        ['dense.bias', 0],
      ],
    );
  });

  test('its bytes go to a new file as they are, and to none that is there', async () => {
    const out = join(folder, 'model.safetensors');
    const { status } = await roundscope(['packets', path, '--body', '2', '--out', out]);
    assert.equal(status, 0);
    assert.deepEqual(new Uint8Array(readFileSync(out)), model);
    assertComplaint(await roundscope(['packets', path, '--body', '2', '--out', out]), 1, /exists already/);
    const cut = await roundscope(['packets', path, '--body', '8', '--out', join(folder, 'cut.bin')]);
    assert.match(cut.stderr, /Only the first \d+ of \d+ bytes were kept/);
  });

  test('gzip is undone, a lie is said, and names in a body stay as they are', async () => {
    const { lines } = await roundscope(['packets', path, '--body', '5', '--json']);
    assert.deepEqual(lines[0]?.['decoded'], {
      kind: 'compressed',
      method: 'gzip',
      inner: { kind: 'json', value: { lossValue: 0.5 } },
    });
    const lie = await roundscope(['packets', path, '--body', '6']);
    assert.match(lie.stdout, /It claims 4\.29 GB of tensors, and the whole body has 84 B\./);
  });

  test('a body is read by a .proto of the user', async () => {
    const proto = join(folder, 'lab.proto');
    writeFileSync(
      proto,
      'syntax = "proto3"; package lab; message Note { int32 round = 1; string text = 2; } message Other {}',
    );
    const { stdout, status } = await roundscope([
      'packets',
      path,
      '--body',
      '7',
      '--proto',
      proto,
      '--message',
      'lab.Note',
    ]);
    assert.equal(status, 0);
    assert.match(stdout, /protobuf, lab\.Note\n {2}1 round \(int32\): 3\n {2}2 text \(string\): hi\n/);
    assertComplaint(
      await roundscope(['packets', path, '--body', '7', '--proto', proto]),
      2,
      /Say which message it is with --message: it has lab\.Note, lab\.Other/,
    );
    assertComplaint(
      await roundscope(['packets', path, '--body', '7', '--message', 'lab.Note']),
      2,
      /goes with --proto/,
    );
  });

  test('what has no body, or is no packet, is said', async () => {
    assertComplaint(await roundscope(['packets', path, '--body', '9']), 1, /Packet 9, heartbeat, has no body/);
    assertComplaint(await roundscope(['packets', path, '--body', '999']), 1, /no packet 999/);
    assertComplaint(await roundscope(['packets', path, '--body', 'first']), 2, /takes the number of a packet/);
  });
});

test('fields of a protocol are columns for scripts like all others', async () => {
  const folder = temporaryFolder();
  try {
    const path = join(folder, 'fields.rscope');
    const options = {
      path,
      run: recordedRun,
      startedAt: 0,
      recorder: 'test',
      sizeBytesMax: 1e9,
      mode: 'create',
    } as const;
    {
      using writer = new RecordingWriter(options);
      const topic = 'roundscope/r-1/node-3/5d1c/up/control';
      writer.write({
        events: [],
        packets: [packetOf(5, { stream: topic, kind: 'ack' }), packetOf(6)],
        lost: nothingLost,
      });
    }
    const { stdout } = await roundscope([
      'packets',
      path,
      'mqtt.session == 5d1c',
      '--fields',
      'packet,mqtt.topic,mqtt.lane,layer,quic.stream',
    ]);
    assert.equal(stdout, '5\troundscope/r-1/node-3/5d1c/up/control\tcontrol\tlink\t\n');
    const { lines } = await roundscope(['packets', path, 'protocol == quic', '--json']);
    assert.deepEqual([lines[0]?.['quic.stream'], lines[0]?.['mqtt.topic']], [6, undefined]);
    const csv = await roundscope(['export', path, '--format', 'csv']);
    assert.match(csv.stdout.split('\r\n')[0] ?? '', /,from,to,layer,part,.*,mqtt\.topic,/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
