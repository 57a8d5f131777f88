import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock } from 'node:test';
import { act, cleanup, configure, render } from '@testing-library/react';
import type { RenderResult } from '@testing-library/react';
import userEvent, { PointerEventsCheckLevel } from '@testing-library/user-event';
import type { UserEvent } from '@testing-library/user-event';
import type { ReactElement } from 'react';
import { setRecordedPresent, stopScreenClock } from '#renderer/frames/screen-clock.ts';
import { SessionContext } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import type { Place } from '#renderer/session/navigation.ts';
import { setPreferences } from '#renderer/session/preferences.ts';
import { followPresent } from '#renderer/session/present.ts';
import { createSession } from '#renderer/session/session.ts';
import type { Session } from '#renderer/session/session.ts';
import { dismissToast, heldToasts } from '#renderer/session/toasts.ts';
import { recordedStart } from '../recorded/recorded-view.ts';
import { measure, nextFrame, resetLayout } from './layout.ts';
import { ServiceEnd } from './service-end.ts';
import type { ServiceOptions } from './service-end.ts';

export { act, fireEvent, screen, within } from '@testing-library/react';

/**
 * Components rendered into a page (`page.ts`), worked as a person works them, on a clock that moves when it is told to.
 * Run such a file with `--import ./test/support/rendered/preload.ts`.
 */

const undo: (() => void)[] = [];
const complaints: string[] = [];
const consoleError = console.error;

beforeEach(() => {
  complaints.length = 0;
  // What React complains of is a fault, also where the picture is right.
  console.error = (...args: unknown[]) => void complaints.push(args.map(String).join(' ').slice(0, 2000));
});

afterEach(async () => {
  cleanup();
  for (const one of undo.splice(0)) one();
  await turn();
  mock.timers.reset();
  resetLayout();
  stopScreenClock(null);
  setRecordedPresent(null);
  for (const { id } of heldToasts()) dismissToast(id);
  setPreferences({ theme: 'system', letterKeys: true, selection: null });
  window.localStorage.clear();
  window.sessionStorage.clear();
  console.error = consoleError;
  assert.deepEqual(complaints, [], 'nothing is complained of in the console');
});

// The library's own would wait for a timer that stands still here.
configure({
  asyncWrapper: async (work) => {
    const scope = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };
    scope.IS_REACT_ACT_ENVIRONMENT = false;
    try {
      const result = await work();
      await turn();
      return result;
    } finally {
      scope.IS_REACT_ACT_ENVIRONMENT = true;
    }
  },
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything settle that waits for no time: answers of the service, what is loaded when it is first shown. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await act(turn);
    act(measure);
  }
}

/** Time goes on, and a frame comes. */
export async function pass(ms: number): Promise<void> {
  await act(async () => {
    mock.timers.tick(ms);
    await turn();
    nextFrame();
  });
  await settle();
}

function startClock(at: number): UserEvent {
  // What was shown before has timers of the clock that ends here: stopping them later would stop others in their place.
  cleanup();
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: at });
  return userEvent.setup({ delay: null, pointerEventsCheck: PointerEventsCheckLevel.Never });
}

/** Shows a component that gets all by its props. */
export function show(element: ReactElement, at = recordedStart): RenderResult & { readonly user: UserEvent } {
  const user = startClock(at);
  const result = render(element);
  act(measure);
  return { ...result, user };
}

export interface OpenOptions extends ServiceOptions {
  /** Now; the run's events until then have happened. */
  readonly at?: number;
  readonly place?: Partial<Place>;
}

export interface Opened extends RenderResult {
  readonly user: UserEvent;
  readonly service: ServiceEnd;
  readonly session: Session;
}

const nowhere: Place = { view: 'rounds', filter: '', packet: null, round: null, participant: null };

/** Shows a component of the window with a real session; the service's end of it is worked by the test. */
export async function open(element: ReactElement, options: OpenOptions = {}): Promise<Opened> {
  const user = startClock(options.at ?? recordedStart);
  navigate({ ...nowhere, ...options.place });
  const service = new ServiceEnd(options);
  // The screen may change at once: when it does is no matter of components.
  const session = createSession(undefined, { turns: { take: (change, shown) => (change(), shown()) } });
  const leave = followPresent(session);
  undo.push(() => {
    leave();
    session.close();
  });
  session.attach(service.port);
  await turn();
  const result = render(<SessionContext value={session}>{element}</SessionContext>);
  await settle();
  return { ...result, user, service, session };
}

/** Nothing of the kind is on the page. (To compare elements by `assert.equal` would print all that hangs on them.) */
export function absent(found: Element | null, message = 'it is not there'): void {
  assert.ok(found === null, `${message}: ${found?.outerHTML.slice(0, 300)}`);
}

/** The focus is on this element. */
export function focused(element: Element | null | undefined, message = 'it has the focus'): void {
  const { activeElement } = document;
  assert.ok(
    element != null && activeElement === element,
    `${message}: ${element?.outerHTML.slice(0, 200)}; it is on ${activeElement?.outerHTML.slice(0, 200)}`,
  );
}
