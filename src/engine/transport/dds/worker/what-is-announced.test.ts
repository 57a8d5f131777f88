import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { workerPath } from '#engine/host/entries.ts';
import { alsoSeen } from '#shared/contract/app/what-leaves.ts';
import { missingLibrary } from '#test/support/brokers/cyclone.ts';
import { domainConfig } from '../domain-config.ts';
import { libraryVariable } from '../library.ts';
import { DdsRuntime } from '../runtime.ts';
import type { Side } from './worker-protocol.ts';

const absent = await missingLibrary();

for (const side of ['up', 'down'] as const) {
  test(`what the ${side} end announces of its machine and process is what we say`, { skip: absent }, async () => {
    const announced = await firstAnnouncement(side);
    assert.match(announced, /^RTPS/);
    // Within the version of the library, always: `host/0.10.2/Linux/Linux`. Where that is gone, the list has a line too much.
    const version = new RegExp(`${hostname().replace(/[^\w-]/g, '.')}/[0-9.]+/[^/]*/`);
    assert.match(announced, version);
    assert.ok(alsoSeen.some(({ what }) => what === 'Over DDS: the machine’s host name'));
    const rest = announced.replace(version, '');
    for (const property of ['__Hostname', '__Pid', '__ProcessName', process.title]) assert.ok(!rest.includes(property));
  });
}

/** The datagram by which DDS makes itself known, as whoever is told of a participant gets it. */
async function firstAnnouncement(side: Side): Promise<string> {
  const runtime = await DdsRuntime.acquire({ worker: workerPath('dds'), library: process.env[libraryVariable] });
  await using owned = new AsyncDisposableStack();
  owned.defer(() => runtime.release());
  const socket: Socket = createSocket('udp4');
  owned.defer(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const peers = [{ host: '127.0.0.1', port: socket.address().port }];
  const config = domainConfig({ domain: 0, address: '127.0.0.1', port: null, peers });
  const handlers = { onAnnounced: () => undefined, onIncompatible: () => undefined, onFailed: () => undefined };
  const heard = once(socket, 'message') as Promise<[Buffer]>;
  const { node, error } = await runtime.openNode({ config, side, run: 'r-announced' }, handlers);
  owned.defer(() => runtime.closeNode(node, 'cut'));
  assert.equal(error, null);
  const [datagram] = await heard;
  return datagram.toString('latin1');
}
