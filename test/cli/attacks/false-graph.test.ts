import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashBytes } from '#engine/codec/hash.ts';
import { encodeInvitation } from '#engine/identity/invitation.ts';
import { readNetwork, writeNetwork } from '#engine/trainer/imported/network-file.ts';
import { contractVersion, type RunPlanBody } from '#shared/contract/messages.ts';
import { QuicFederation } from '#test/support/brokers/quic-federation.ts';
import { writeDense } from '#test/support/dense-network.ts';
import { runPlan } from '#test/support/kits/run-plan.ts';
import { assertComplaint, Command } from '../command-line.ts';

const signal = new AbortController().signal;
const classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const honest = writeNetwork(readNetwork(writeDense([1, 8, 8], 10)));
const odd = { type: 'Hardmax', name: 'odd', inputs: ['y'], outputs: ['z'], attributes: new Map() };
const unknown = writeDense([1, 8, 8], 10, [odd]);

/** A coordinator over QUIC that keeps to the protocol and lies about its network; what a participant makes of that. */
async function joined(announced: Uint8Array, sent: Uint8Array): Promise<ReturnType<Command['exit']>> {
  await using federation = await QuicFederation.open();
  const graph = { hash: hashBytes(announced), bytes: announced.byteLength };
  const body: RunPlanBody = runPlan({
    model: { inputShape: [1, 8, 8], numClasses: 10, graph },
    classes,
    parameters: 650,
  });
  const invitation = encodeInvitation({
    ...federation.invitation(federation.endpoints()),
    version: contractVersion,
    name: 'a lie',
    transport: 'quic',
    control: 'same',
  });
  const served = (async () => {
    while (federation.links.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const [link] = federation.links;
    assert.ok(link);
    await link.send({ kind: 'run_plan', round: 0, body }, { signal });
    for await (const { header } of link.messages()) {
      assert.notEqual(header.kind, 'register', 'it does not take part');
      if (header.kind !== 'graph_request') continue;
      const payload = { bytes: sent, hash: hashBytes(sent) };
      await link.send({ kind: 'model_graph', round: 0, body: {}, payload }, { signal });
    }
  })();
  await using command = new Command(['join', invitation, '--name', 'lab-1', '--data', 'digits']);
  const exit = await command.exit();
  await served;
  return exit;
}

const cases: Readonly<Record<string, readonly [Uint8Array, Uint8Array, RegExp]>> = {
  'another network than it announced': [
    honest,
    honest.with(9, 1),
    /The network that the coordinator sent cannot be used: .*were announced/,
  ],
  'more bytes than it announced': [
    honest,
    Buffer.concat([honest, Buffer.alloc(1000)]),
    /The network that the coordinator sent cannot be used: .*a network of this run has/,
  ],
  'a network with an operator that has no gradient': [
    unknown,
    unknown,
    /Hardmax "odd": this operator is not known here/,
  ],
  'no network': [Buffer.from('nothing'), Buffer.from('nothing'), /./],
};
for (const [what, [announced, sent, says]] of Object.entries(cases))
  test(`a coordinator that sends ${what} has one participant less, which says why`, async () => {
    assertComplaint(await joined(announced, sent), 1, says);
  });
