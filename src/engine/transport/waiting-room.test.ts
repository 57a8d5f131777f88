import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostOf, WaitingRoom, type Standing } from './waiting-room.ts';

const sizes = { max: 6 };

/** Fills a room and remembers who had to go. */
function room(standings: Readonly<Record<string, Standing>> = {}): {
  readonly gone: string[];
  readonly room: WaitingRoom;
  enter(address: string, identity?: string, source?: string): Disposable;
} {
  const gone: string[] = [];
  const made = new WaitingRoom({
    ...sizes,
    knows: ({ address, identity }) => standings[identity ?? ''] ?? standings[hostOf(address)] ?? 'stranger',
  });
  const enter = (address: string, identity: string | null = null, source?: string): Disposable =>
    made.enter({ address, identity, ...(source === undefined ? {} : { source }) }, () => void gone.push(address));
  return { gone, room: made, enter };
}

describe('who waits to be let in', () => {
  test('a whole class behind one address waits beside each other, and nobody of it goes', () => {
    const gone: string[] = [];
    const real = new WaitingRoom();
    const places = Array.from({ length: 128 }, (_, port) =>
      real.enter({ address: `192.0.2.7:${port}`, identity: null }, () => void gone.push(String(port))),
    );
    assert.deepEqual([gone, real.size], [[], 128]);
    for (const place of places) place[Symbol.dispose]();
    assert.equal(real.size, 0);
  });

  test('a flood from the address of a class takes places from itself while the class says hello', () => {
    const { gone, enter } = room();
    for (let port = 1; port <= 6; port++) enter(`192.0.2.7:${port}`);
    // Each of the class has shown the invitation before the flood has come round.
    for (let pupil = 0; pupil < 20; pupil++) {
      const place = enter(`192.0.2.7:${1000 + pupil}`);
      for (let port = 0; port < 5; port++) enter(`192.0.2.7:${2000 + 5 * pupil + port}`);
      place[Symbol.dispose]();
    }
    assert.ok(
      gone.every((address) => !/:10\d\d$/.test(address)),
      gone.join(),
    );
  });

  test('in all only so many: the host with the most of them gives up its oldest', () => {
    const { gone, enter } = room();
    for (let port = 1; port <= 4; port++) enter(`10.0.0.1:${port}`);
    enter('10.0.0.2:1');
    enter('10.0.0.3:1');
    assert.ok(enter('10.0.0.4:1'));
    assert.deepEqual(gone, ['10.0.0.1:1']);
  });

  test('who has left makes room and is not let go any more', () => {
    const { gone, enter } = room();
    enter('10.0.0.1:1')[Symbol.dispose]();
    for (let port = 2; port <= 8; port++) enter(`10.0.0.1:${port}`);
    assert.deepEqual(gone, ['10.0.0.1:2']);
  });

  test('a participant that dials again from where the flood comes from finds a place, and keeps it', () => {
    const { gone, enter } = room({ '10.0.0.1': 'neighbor', key: 'participant' });
    for (let port = 1; port <= 6; port++) enter(`10.0.0.1:${port}`);
    assert.ok(enter('10.0.0.1:999', 'key'));
    for (let port = 10; port < 200; port++) enter(`10.0.0.1:${port}`);
    assert.equal(gone.includes('10.0.0.1:999'), false);
    assert.equal(gone.length, 196 - 6, 'the flood has lost places to itself alone');
  });

  test('strangers never push out who comes from where a participant is, and nobody who is known pushes out strangers', () => {
    const { gone, enter, room: full } = room({ '10.0.0.1': 'neighbor', 'node-1 in domain 0': 'namesake' });
    enter('192.0.2.1:1');
    for (let port = 1; port <= 6; port++) enter(`10.0.0.1:${port}`);
    for (let request = 1; request <= 4; request++) enter('node-1 in domain 0');
    assert.equal(gone.length, 0);
    for (let host = 2; host < 100; host++) enter(`192.0.2.${host}:1`);
    assert.ok(gone.every((address) => address.startsWith('192.0.2.')));
    assert.equal(full.size, 6 + 6 + 4);
  });

  test('who only gives the name of a participant takes places from those who give names alone, each source from itself', () => {
    const { gone, enter } = room({ 'node-1 in domain 0': 'namesake' });
    enter('node-1 in domain 0', undefined, 'the participant');
    for (let request = 1; request < 50; request++) enter('node-1 in domain 0', undefined, 'somebody else');
    assert.equal(gone.length, 50 - sizes.max);
    const other = room({ 'node-1 in domain 0': 'namesake' });
    other.enter('node-1 in domain 0', undefined, 'the participant');
    for (let source = 1; source <= 5; source++) other.enter('node-1 in domain 0', undefined, `source ${source}`);
    assert.deepEqual(other.gone, [], 'as many as there are places');
  });

  test('a host is an IPv4 address, and a network of 64 bits of IPv6', () => {
    const hosts = ['10.0.0.1:80', '::ffff:10.0.0.1:80', '[2001:db8:1:2:3:4:5:6]:80', '[2001:db8:1:2::9]:80', '::1:80'];
    assert.deepEqual(hosts.map(hostOf), [
      '10.0.0.1',
      '10.0.0.1',
      '2001:db8:1:2::/64',
      '2001:db8:1:2::/64',
      '0:0:0:0::/64',
    ]);
    assert.equal(hostOf('lab-1 via broker.example'), 'lab-1 via broker.example');
  });
});
