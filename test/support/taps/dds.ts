import assert from 'node:assert/strict';
import { decodePiece, encodePieceHeader, pieceHeaderBytes } from '#engine/transport/credited/piece.ts';
import { loadCyclone, type Cyclone } from '#engine/transport/dds/worker/cyclone.ts';
import { domainConfig } from '#engine/transport/dds/domain-config.ts';
import { Endpoint, takeSamples } from '#engine/transport/dds/worker/entities.ts';
import { libraryVariable } from '#engine/transport/dds/library.ts';
import { laneOf, pieceFlags, pieceOf } from '#engine/transport/dds/sample-piece.ts';
import { decodeSample, encodeSample } from '#engine/transport/dds/worker/structs.ts';
import { WorkerNode } from '#engine/transport/dds/worker/worker-node.ts';
import { tagBytes } from '#engine/transport/sealed/seal.ts';
import type { Carried, Foreign, Tap } from '#test/contract/security-claims.ts';
import { until } from '#test/support/until.ts';

/** The transport's thread numbers its domains as this one does, in the one library: the first that is free. */
function freeNode(cyclone: Cyclone, config: string, run: string): WorkerNode {
  for (let tries = 0; ; tries++) {
    try {
      return new WorkerNode(cyclone, { node: 1, config, side: 'up', run });
    } catch (error) {
      if (tries >= 1000) throw error;
    }
  }
}

/**
 * Another member of the domain, which reads and writes the topics of the victim's session beside it. It has found the
 * coordinator, as everybody does who knows its address, and not the participant, whose port nobody tells.
 */
export async function tapDds({
  endpoints,
  participant,
  run,
}: Pick<Foreign, 'endpoints' | 'participant' | 'run'>): Promise<Tap> {
  const endpoint = endpoints[0];
  assert.ok(endpoint !== undefined);
  const cyclone = await loadCyclone(process.env[libraryVariable]);
  const peers = [{ host: endpoint.host, port: endpoint.port }];
  const config = domainConfig({ domain: 0, address: '127.0.0.1', port: null, peers });
  const node = freeNode(cyclone, config, run);
  let session = '';
  await until(() => {
    node.hear((report) => {
      if (report.type === 'announced' && report.announcement.kind === 'accept') session = report.announcement.session;
    });
    return session !== '';
  });
  const partition = `${run}/${participant}/${session}`;
  const quality = { durability: 'volatile', history: 'all', partition } as const;
  const make = (kind: 'reader' | 'writer', to: 'control' | 'bulk'): Endpoint =>
    new Endpoint(cyclone, {
      kind,
      participant: node.participant,
      topic: node.topic(to, kind === 'writer' ? 'out' : 'in'),
      quality,
    });
  const readers = [make('reader', 'control'), make('reader', 'bulk')];
  const writers = { control: make('writer', 'control'), bulk: make('writer', 'bulk') };
  await until(() => [...readers, ...Object.values(writers)].every((each) => each.matched() > 0));
  const heard: Carried[] = [];
  const listen = (): void => {
    for (const { entity } of readers)
      takeSamples(cyclone, entity, (address) => {
        const { sample, tag } = decodeSample(cyclone, address);
        const [lane, piece] = [laneOf(sample), pieceOf(sample)];
        assert.ok(lane !== null && piece !== null);
        const header = Buffer.alloc(pieceHeaderBytes);
        encodePieceHeader(header, piece);
        heard.push({ direction: 'down', lane, content: Buffer.concat([header, sample.bytes, tag]) });
      });
  };
  const listening = setInterval(listen, 20);
  return {
    hears: ['down'],
    puts: ['up'],
    heard: () => heard,
    put: async ({ lane, content }) => {
      const piece = decodePiece(content);
      assert.ok(piece !== null);
      const end = piece.body.byteLength - tagBytes;
      const sample = {
        lane,
        laneNumber: piece.lane,
        number: piece.sequence,
        flags: pieceFlags(piece),
        frameBytes: piece.frameBytes,
        bytes: piece.body.subarray(0, end),
      };
      const from = { participant, run, session };
      const { struct, held } = encodeSample(cyclone, from, sample, piece.body.subarray(end));
      cyclone.write(writers[lane.startsWith('bulk') ? 'bulk' : 'control'].entity, struct);
      assert.ok(held.length > 0);
    },
    sayGone: { missing: 'who is not found by the participant is not heard by it either' },
    [Symbol.asyncDispose]: async () => {
      clearInterval(listening);
      node.delete();
    },
  };
}
