import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { createService } from '#headless/create-service.ts';
import { decodeInvitation, encodeInvitation } from '#engine/identity/invitation.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { checkInvitation } from '#service/checks/check-invitation.ts';
import type { AppService } from '#service/app-service.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import type { InvitationCheck, PortAnswers } from '#shared/contract/app/port-api.ts';
import { temporaryFolder } from '../command-line.ts';
import { coordinate, hasJoined, join, type Coordinator } from '../federation.ts';

type Answer = PortAnswers['check_invitation'];

const state = ({ checks }: Answer, what: InvitationCheck['what']): string | undefined =>
  checks.find((check) => check.what === what)?.state;
const text = ({ checks }: Answer, what: InvitationCheck['what']): string =>
  checks.find((check) => check.what === what)?.text ?? '';

describe('looking at an invitation before joining', () => {
  const folder = temporaryFolder();
  let service: AppService;
  let coordinator: Coordinator;
  let invitation: Invitation;
  before(async () => {
    process.env['ROUNDSCOPE_DATA'] = folder;
    service = createService('browser');
    coordinator = await coordinate([
      ...['--participants', '2', '--rounds', '1', '--name', 'faces', '--transport', 'quic,grpc'],
    ]);
    const decoded = decodeInvitation(coordinator.invitation);
    assert.ok(decoded.ok);
    invitation = decoded.value;
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    await coordinator[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const look = (changed: Partial<Invitation> = {}, name = 'lab-2'): Promise<Answer> =>
    checkInvitation({ invitation: encodeInvitation({ ...invitation, ...changed }), name }, service.lookingParts);

  test('tells what the run is about, over what it is reached, and that the name is free', async () => {
    const answer = await look();
    assert.deepEqual(
      answer.checks.map(({ what, state: how }) => `${what} ${how}`),
      ['invitation ok', 'way ok', 'address ok', 'identity ok', 'clock ok', 'version ok', 'name ok'],
    );
    assert.equal(text(answer, 'address'), 'answers over QUIC, also over gRPC');
    assert.deepEqual([answer.plan?.runName, answer.plan?.rounds, answer.plan?.registered], ['faces', 1, 0]);
    assert.equal(answer.plan?.classes.length, 10);
  });

  test('is taken once more where its process dies of it', async () => {
    const cue = joinPath(folder, 'cue');
    writeFileSync(cue, '');
    const preload = new URL('../../support/throw-on-cue.ts', import.meta.url).href;
    Object.assign(process.env, { NODE_OPTIONS: `--import ${preload}`, THROW_IN: 'look look', THROW_CUE: cue });
    try {
      const answer = await look();
      assert.equal(existsSync(cue), false, 'a process has died');
      assert.equal(text(answer, 'address'), 'answers over QUIC, also over gRPC');
    } finally {
      for (const name of ['NODE_OPTIONS', 'THROW_IN', 'THROW_CUE']) delete process.env[name];
    }
  });

  test('a name that is taken is said, and its participant is not disturbed', async () => {
    await using participant = join(coordinator.invitation, 'lab-1');
    await participant.until(() => hasJoined(coordinator.command, 'lab-1'));
    for (let i = 0; i < 3; i++) assert.equal(state(await look({}, 'lab-1'), 'name'), 'fault');
    assert.equal(state(await look({}, 'Coordinator'), 'name'), 'fault');
    const told = (event: string) => coordinator.command.lines.filter((line) => line.event === event);
    assert.equal(told('participant_joined').length, 1);
    for (const event of ['participant_left', 'participant_refused']) assert.deepEqual(told(event), [], event);
    const others = coordinator.command.lines.filter(({ participant: id }) => id !== undefined && id !== 'lab-1');
    assert.deepEqual(
      others.filter(({ event }) => event !== 'data_loaded'),
      [],
      'nobody else is told of',
    );
    assert.ok(!participant.lines.some(({ event, state: link }) => event === 'link_state' && link === 'lost'));
  });

  test('an impostor at the address is a fault of identity', async () => {
    const { peerId } = createIdentity();
    const answer = await look({ endpoints: invitation.endpoints.map((one) => ({ ...one, identity: peerId })) });
    assert.deepEqual([state(answer, 'address'), state(answer, 'identity'), answer.plan], ['ok', 'fault', null]);
  });

  test('another token is not of this run', async () => {
    const answer = await look({ token: 'x'.repeat(48) });
    assert.equal(state(answer, 'address') === 'ok' && state(answer, 'identity') === 'ok', false);
    assert.equal(answer.plan, null);
  });

  test('a port where nobody is, and one where somebody else is, say what was tried', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    const at = (to: number) => look({ endpoints: invitation.endpoints.map((one) => ({ ...one, port: to })) });
    const other = await at(port);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    const nobody = await at(port);
    for (const answer of [other, nobody]) {
      assert.equal(state(answer, 'address'), 'fault');
      assert.match(text(answer, 'address'), new RegExp(`Tried QUIC at 127.0.0.1:${port} \\(UDP\\).*gRPC at`));
      for (const what of ['identity', 'clock', 'version', 'name'] as const)
        assert.equal(state(answer, what), 'unknown');
    }
  });
});
