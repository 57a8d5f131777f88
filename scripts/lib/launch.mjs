import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './paths.mjs';

/** As a shell tells it: a program that a signal ended has 128 plus the signal's number as its status. */
function exitStatus(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

/**
 * Runs a program to its end.
 * @param options.capture keep the output instead of showing it
 * @param options.limitMs end it after this long; the result then has `timedOut`
 * @returns {Promise<{status: number, output: string, timedOut: boolean}>} rejects only when it cannot be started
 */
export function launch(command, args, { capture = false, limitMs, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      ...options,
    });
    const output = [];
    child.stdout?.on('data', (bytes) => output.push(bytes));
    child.stderr?.on('data', (bytes) => output.push(bytes));
    let timedOut = false;
    const limit =
      limitMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, limitMs);
    child.once('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ status: exitStatus(code, signal), output: Buffer.concat(output).toString('utf8'), timedOut });
    });
  });
}

/**
 * Stands in for a program until it ends: same terminal, same signals, same status.
 * @returns {Promise<{status: number, ranMs: number}>}
 */
export function standInFor(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    // Ctrl+C at a terminal reaches parent and child alike. Anywhere else the child is put out of reach of what is sent
    // to the group, so that every signal comes to it exactly once: a second one would mean "at once".
    const isAtTerminal = process.stdin.isTTY === true || process.platform === 'win32';
    const child = spawn(command, args, { stdio: 'inherit', detached: !isAtTerminal, ...options });
    const listeners = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
      const listener = () => {
        if (signal === 'SIGINT' && isAtTerminal) return;
        child.kill(signal);
      };
      process.on(signal, listener);
      return () => process.off(signal, listener);
    });
    const unlisten = () => listeners.forEach((remove) => remove());
    child.once('error', (error) => {
      unlisten();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      unlisten();
      resolve({ status: exitStatus(code, signal), ranMs: performance.now() - startedMs });
    });
  });
}
