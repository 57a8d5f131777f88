import { AssertionError } from './assert.ts';

/**
 * A state machine or a queue is in a state that its own rules exclude: a bug of ours, and no reason to die. Whoever runs the
 * machine records it, ends the run with it before anything wrong is counted or sent, and keeps the process.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Called where a rule is found broken, so that its sentence is only made then. @throws InvariantError */
export function violated(what: string): never {
  throw new InvariantError(what);
}

/** What was found and what it means, for the reason with which a run ends. */
export function faultWords(error: unknown): string {
  const what = error instanceof Error ? error.message : String(error);
  const broken = error instanceof InvariantError || error instanceof AssertionError;
  const happened = broken ? 'Roundscope broke a rule of its own' : 'a step that cannot fail has failed';
  return `${happened} (${what}); the run was ended here, so that nothing wrong comes of it`;
}
