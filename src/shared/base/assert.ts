/** Thrown when our own reasoning is wrong. Never caught: the process reports it, exits and is restarted. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States what must hold. Not for input from outside: that gets a `Result` or a typed error. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that the types rule out; a value arriving here anyway is a bug of ours. */
export function unreachable(value: never, context: string): never {
  throw new AssertionError(`unreachable: ${context}: ${JSON.stringify(value)}`);
}
