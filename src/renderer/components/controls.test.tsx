import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useState } from 'react';
import type { JSX } from 'react';
import type { StrategyName } from '#shared/contract/run/selection.ts';
import { fireEvent, focused, screen, show } from '#test/support/rendered/rendered.tsx';
import { Choice } from './forms/choice.tsx';
import { SelectionChoice } from './forms/selection-choice.tsx';
import { Stepper } from './forms/stepper.tsx';

function Rounds({ help }: { readonly help?: string }): JSX.Element {
  const [value, setValue] = useState(10);
  return (
    <>
      <Stepper label="Rounds" value={value} min={1} max={12} unit="s" help={help} onChange={setValue} />
      <output>{value}</output>
    </>
  );
}

describe('a stepper', () => {
  const field = (): HTMLInputElement => screen.getByRole('spinbutton', { name: 'Rounds' });
  const value = (): string => screen.getByRole('status').textContent;

  test('steps with its buttons and stops at its limits', async () => {
    const { user } = show(<Rounds />);
    const more = screen.getByRole<HTMLButtonElement>('button', { name: 'Rounds: more' });
    const less = screen.getByRole<HTMLButtonElement>('button', { name: 'Rounds: less' });
    await user.click(more);
    await user.click(more);
    assert.equal(value(), '12');
    assert.equal(more.disabled, true);
    await user.click(less);
    assert.equal(value(), '11');
    assert.equal(more.disabled, false);
  });

  test('lets nothing out that is beyond its limits or no number', () => {
    show(<Rounds />);
    for (const [typed, then] of [
      ['7', '7'],
      ['400', '12'],
      ['-3', '1'],
      ['4.6', '5'],
      ['', '5'],
    ] as const) {
      fireEvent.change(field(), { target: { value: typed } });
      assert.equal(value(), then, typed);
    }
  });

  test('is described by what it does, and only then', () => {
    const { rerender } = show(<Rounds />);
    assert.equal(field().getAttribute('aria-describedby'), null);
    rerender(<Rounds help="How often the model is averaged." />);
    assert.equal(field().getAttribute('aria-describedby'), screen.getByText('How often the model is averaged.').id);
  });
});

type Fruit = 'apple' | 'pear' | 'plum';

function Fruits({ first, off }: { readonly first: Fruit; readonly off?: string }): JSX.Element {
  const [value, setValue] = useState<Fruit>(first);
  return (
    <Choice<Fruit>
      label="Fruit"
      value={value}
      options={[
        { value: 'apple', name: 'Apple' },
        { value: 'pear', name: 'Pear', ...(off === undefined ? {} : { disabled: off }) },
        { value: 'plum', name: 'Plum' },
      ]}
      onChange={setValue}
    />
  );
}

describe('a choice of a few', () => {
  const chosen = (): string => screen.getByRole('radio', { checked: true }).textContent;

  test('is a radio group: one is checked, and Tab comes to that one alone', async () => {
    const { user } = show(<Fruits first="pear" />);
    screen.getByRole('radiogroup', { name: 'Fruit' });
    assert.equal(chosen(), 'Pear');
    await user.tab();
    focused(screen.getByRole('radio', { name: 'Pear' }));
    await user.tab();
    focused(document.body);
  });

  test('is changed by a click and by the arrows, which go round and take the focus along', async () => {
    const { user } = show(<Fruits first="apple" />);
    await user.click(screen.getByRole('radio', { name: 'Plum' }));
    assert.equal(chosen(), 'Plum');
    await user.keyboard('{ArrowRight}');
    assert.equal(chosen(), 'Apple');
    focused(screen.getByRole('radio', { name: 'Apple' }));
    await user.keyboard('{ArrowLeft}');
    assert.equal(chosen(), 'Plum');
  });

  test('passes over what cannot be chosen, and says why it cannot', async () => {
    const { user } = show(<Fruits first="apple" off="out of season" />);
    const pear = screen.getByRole<HTMLButtonElement>('radio', { name: 'Pear' });
    assert.deepEqual([pear.disabled, pear.title], [true, 'out of season']);
    await user.click(pear);
    assert.equal(chosen(), 'Apple');
    await user.click(screen.getByRole('radio', { name: 'Apple' }));
    await user.keyboard('{ArrowDown}');
    assert.equal(chosen(), 'Plum');
  });
});

function Strategy(): JSX.Element {
  const [value, setValue] = useState<StrategyName | null>(null);
  return (
    <SelectionChoice
      label="Protocol"
      value={value}
      usual={{ name: 'usual', words: 'As the environment says.' }}
      before="Where the run leaves it open:"
      onChange={setValue}
    />
  );
}

describe('the choice of how a protocol is chosen', () => {
  test('says in a sentence what is chosen, and the usual way can be chosen again', async () => {
    const { user } = show(<Strategy />);
    screen.getByText('Where the run leaves it open: As the environment says.');
    await user.click(screen.getByRole('radio', { name: 'bandit' }));
    screen.getByText(/^Where the run leaves it open: Learns how far a model of the network is off/);
    await user.click(screen.getByRole('radio', { name: 'usual' }));
    screen.getByText('Where the run leaves it open: As the environment says.');
  });
});
