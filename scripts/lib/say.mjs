/** What set-up says goes to stderr: stdout belongs to the program that is set up. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** An end with words instead of a stack: `what` happened, and what to `tell` the reader to try. */
export class SetUpError extends Error {
  constructor(what, { tell, cause } = {}) {
    super(what, { cause });
    this.tell = tell;
  }
}

/** Runs a script's body; a `SetUpError` is told in its own words, anything else is our bug and keeps its stack. */
export async function runScript(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    say(`\n✖ ${error.message}`);
    if (error.tell) say(`  ${error.tell}`);
    process.exitCode = 1;
  }
}

/** Says what is done, how long it takes while it takes long, and when it is over. */
export async function step(what, work) {
  const startedMs = performance.now();
  say(`• ${what}`);
  const heartbeat = setInterval(() => say(`  … still at it after ${seconds(startedMs)}`), 10_000);
  try {
    const result = await work();
    say(`  done in ${seconds(startedMs)}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}
