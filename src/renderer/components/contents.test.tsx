import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setSize } from '#test/support/rendered/layout.ts';
import { absent, act, fireEvent, screen, show, within } from '#test/support/rendered/rendered.tsx';
import { copyText } from './copy-text.ts';
import { HexView, hexText } from './hex-view.tsx';
import { JsonTree } from './json-tree.tsx';
import { Keys } from './keys.tsx';

describe('a tree of JSON', () => {
  const names = (): string[] => screen.getAllByRole('button').map((button) => button.textContent);

  test('shows members by name, and values of each type as text', () => {
    show(<JsonTree label="Header" value={{ kind: 'ack', round: 3, last: true, payload: null }} />);
    const tree = screen.getByRole('group', { name: 'Header' });
    assert.deepEqual(
      within(tree)
        .getAllByRole('listitem')
        .map((item) => item.textContent),
      ['kind ack', 'round 3', 'last true', 'payload null'],
    );
  });

  test('folds what lies deep, says how much that is, and opens it', async () => {
    const { user } = show(<JsonTree label="Header" value={{ a: { b: { c: [71, 72, 73] } } }} />);
    assert.deepEqual(names(), ['▾ a {1}', '▾ b {1}', '▸ c [3]']);
    const folded = screen.getByRole('button', { name: 'c [3]' });
    assert.equal(folded.getAttribute('aria-expanded'), 'false');
    absent(screen.queryByText('72'));
    await user.click(folded);
    assert.equal(folded.getAttribute('aria-expanded'), 'true');
    screen.getByText('72');
    await user.click(screen.getByRole('button', { name: 'a {1}' }));
    assert.deepEqual(names(), ['▸ a {1}']);
  });

  test('shows the first hundred of a long list and the rest when asked', async () => {
    const { user } = show(<JsonTree label="List" value={Array.from({ length: 250 }, (_, i) => `member ${i}`)} />);
    absent(screen.queryByText('member 100'));
    await user.click(screen.getByRole('button', { name: '150 more' }));
    screen.getByText('member 249');
    absent(screen.queryByRole('button'));
  });

  test('has text that is no markup, and an empty object has nothing to open', () => {
    show(<JsonTree label="Header" value={{ '<i>': '<b>\u202e</b>', empty: {} }} />);
    screen.getByText('<b>\\u202e</b>');
    screen.getByText('<i>');
    absent(screen.queryByRole('button'));
  });
});

describe('bytes as hex', () => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => i % 256);
  const offsets = (): string[] => screen.getAllByText(/^[0-9a-f]{4,}$/).map((offset) => offset.textContent);

  test('has the rows in sight alone, and others after scrolling', () => {
    act(() => setSize({ height: 170 }));
    show(<HexView label="Body" bytes={bytes} />);
    const region = screen.getByRole('region', { name: 'Body' });
    assert.deepEqual([offsets()[0], offsets().length], ['0000', 18], '10 in sight and 8 beyond');
    region.scrollTop = 17 * 1000;
    fireEvent.scroll(region);
    assert.ok(offsets().includes((1000 * 16).toString(16)));
    assert.ok(!offsets().includes('0000'));
  });

  test('shows a row as offset, two groups of eight, and what of it can be printed', () => {
    show(<HexView label="Body" bytes={new TextEncoder().encode('GET / HTTP/1.1\r\n!')} />);
    screen.getByText('47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a', {
      normalizer: (text) => text.replace('  ', ' '),
    });
    screen.getByText('GET / HTTP/1.1··');
    screen.getByText('21');
  });

  test('is the same as text, with the columns under each other', () => {
    const text = hexText(Uint8Array.from({ length: 17 }, (_, i) => 0x41 + i));
    const [first = '', second = ''] = text.split('\n');
    assert.match(first, /^0000 {2}41 42 43 44 45 46 47 48 {2}49 4a 4b 4c 4d 4e 4f 50 +ABCDEFGHIJKLMNOP$/);
    assert.equal(second.indexOf('Q'), first.indexOf('ABCDEF'));
  });
});

describe('keys of a shortcut', () => {
  test('are drawn as on a keyboard, and not read out', () => {
    const { container, rerender } = show(<Keys of="Ctrl+ArrowUp" />);
    assert.equal(container.textContent, 'Ctrl↑');
    assert.equal(container.firstElementChild?.getAttribute('aria-hidden'), 'true');
    rerender(<Keys of="+" />);
    assert.equal(container.textContent, '+');
    rerender(<Keys of="Shift+p" />);
    assert.equal(container.textContent, 'ShiftP');
    rerender(<Keys of=" " />);
    assert.equal(container.textContent, 'Space');
  });
});

describe('copying', () => {
  test('puts the text on the clipboard, and says where that is not allowed', async (t) => {
    show(<p />);
    assert.equal(await copyText('a report'), true);
    assert.equal(await navigator.clipboard.readText(), 'a report');
    t.mock.method(console, 'warn', () => undefined);
    t.mock.method(navigator.clipboard, 'writeText', () => Promise.reject(new Error('not allowed')));
    assert.equal(await copyText('another'), false);
    assert.equal(await navigator.clipboard.readText(), 'a report');
  });
});
