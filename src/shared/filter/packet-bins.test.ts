import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protocols } from '#shared/contract/protocols.ts';
import { PacketBins } from './packet-bins.ts';

const start = 1_700_000_000_000;
const [quic, mqtt] = [protocols.indexOf('quic'), protocols.indexOf('mqtt')];

test('bins count every packet once, however long the run, in either order', () => {
  for (const isNewestFirst of [false, true]) {
    const bins = new PacketBins(start);
    for (let i = 0; i < 2000; i++) {
      const id = isNewestFirst ? 1999 - i : i;
      bins.add(start + id * 30_000, id % 2 === 0 ? quic : mqtt, 1, id % 4 === 0 ? 1 : 0);
    }
    const { bins: all, from, to, binMs } = bins.view({ to: 0, count: 200 });
    assert.ok(all.length <= 201);
    const sumOf = (protocol: number): number => all.reduce((sum, { counts }) => sum + (counts[protocol] ?? 0), 0);
    assert.deepEqual([sumOf(quic), sumOf(mqtt), all.reduce((sum, { cut }) => sum + cut, 0)], [1000, 1000, 500]);
    assert.ok(from <= start && to > start + 1999 * 30_000 && binMs >= 250);
  }
});

test('silence has bars of none, before and after', () => {
  const bins = new PacketBins(start);
  for (let i = 0; i < 600; i += 3) bins.add(start + i * 100, quic, 1, 0);
  const { bins: shown } = bins.view({ from: start - 5_000, to: start + 90_000, count: 50 });
  assert.equal(
    shown.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0),
    200,
  );
  assert.ok((shown[0]?.at ?? 0) <= start - 4_000 && (shown.at(-1)?.at ?? 0) > start + 80_000);
  assert.ok(shown.at(-1)?.counts.every((count) => count === 0));
});

test('times that no run has cost bounded memory and no time', () => {
  const bins = new PacketBins(start);
  bins.add(start, quic, 1, 0);
  bins.add(8.64e15, quic, 1, 0);
  bins.add(-8.64e15, mqtt, 1, 0);
  const { bins: all } = bins.view({ from: -1e300, to: 1e300, count: 10 });
  assert.ok(all.length <= 11);
});
