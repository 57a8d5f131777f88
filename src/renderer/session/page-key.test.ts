import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PageKeys, type PageKeyPlaces } from './page-key.ts';

const key = (letter: string): string => letter.repeat(43);

/** Tabs of one origin: what one posts the others hear. */
class Tabs {
  readonly #listeners: ((message: unknown) => void)[] = [];

  channel(): PageKeyPlaces['others'] {
    let own: ((message: unknown) => void) | undefined;
    return {
      post: (message) => this.#listeners.filter((one) => one !== own).forEach((one) => one(message)),
      onMessage: (listener) => {
        own = listener;
        this.#listeners.push(listener);
      },
    };
  }
}

function storageWith(kept: string | null = null): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  let value = kept;
  return {
    getItem: () => value,
    setItem: (_name, next) => void (value = next),
    removeItem: () => void (value = null),
  };
}

async function open(
  tabs: Tabs,
  options: {
    readonly token?: string;
    readonly gives?: string | null;
    readonly storage?: PageKeyPlaces['storage'];
  } = {},
): Promise<{ readonly keys: PageKeys; readonly told: string[]; readonly storage: PageKeyPlaces['storage'] }> {
  const { token = null, gives = null, storage = storageWith() } = options;
  const keys = new PageKeys({ storage, others: tabs.channel(), token, exchange: () => Promise.resolve(gives) });
  const told: string[] = [];
  await keys.begin((one) => told.push(one));
  return { keys, told, storage };
}

describe('the key of a page', () => {
  test('comes for the token, is kept for a reload, and is worth more than one that was kept', async () => {
    const storage = storageWith(key('o'));
    const { told } = await open(new Tabs(), { token: 't', gives: key('n'), storage });
    assert.deepEqual(told, [key('n')]);
    assert.deepEqual((await open(new Tabs(), { storage })).told, [key('n')]);
    assert.deepEqual((await open(new Tabs(), { token: 'spent', storage })).told, [key('n')]);
  });

  test('comes from another tab where this one has none; what is no key is left alone', async () => {
    const tabs = new Tabs();
    const lonely = await open(tabs, { storage: storageWith('nonsense') });
    assert.deepEqual(lonely.told, []);
    const stranger = tabs.channel();
    for (const message of [
      null,
      1,
      {},
      { type: 'key' },
      { type: 'key', key: 'short' },
      { type: 'key', key: [key('x')] },
    ])
      stranger.post(message);
    assert.deepEqual(lonely.told, []);
    const first = await open(tabs, { token: 't', gives: key('a') });
    assert.deepEqual(lonely.told, [key('a')], 'as soon as somebody has opened a fresh address');
    assert.deepEqual((await open(tabs)).told, [key('a')], 'and at once afterwards');
    assert.deepEqual(first.told, [key('a')]);
  });

  test('that was refused is forgotten, asked for again, and not taken again', async () => {
    const tabs = new Tabs();
    const stale = await open(tabs, { storage: storageWith(key('o')) });
    const other = await open(tabs, { storage: storageWith(key('o')) });
    stale.keys.refuse(key('o'));
    assert.deepEqual(stale.told, [key('o')], 'the other tab does not know yet that it is worth nothing');
    assert.equal(stale.storage.getItem('any'), null);
    other.keys.refuse(key('o'));
    await open(tabs, { token: 't', gives: key('n') });
    assert.deepEqual(stale.told, [key('o'), key('n')]);
    assert.deepEqual(other.told, [key('o'), key('n')]);
    stale.keys.refuse(key('o'));
    assert.equal(stale.storage.getItem('any'), key('n'), 'a late refusal of the former one');
  });
});
