import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { faultsOf } from '../../packaging/check-config.mjs';
import { fuseNames, fusesIn, wrongFuses } from '../../packaging/read-fuses.mjs';
import { inRoot } from './paths.mjs';

const config = JSON.parse(readFileSync(inRoot('packaging', 'electron-builder.json'), 'utf8'));

/** A program with these states, as Electron's has them; twice, as one for two architectures. */
function program(states, version = 1) {
  const wire = Buffer.concat([
    Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
    Buffer.from([version, states.length]),
    Buffer.from(states),
  ]);
  return Buffer.concat([Buffer.alloc(1000, 7), wire, Buffer.alloc(1000), wire]);
}

describe('a packaged app', () => {
  test('cannot be made to run what its package does not hold', () => {
    assert.equal(config.asar, true, 'all of it lies in one archive, whose hash the program knows');
    const { resetAdHocDarwinSignature, ...fuses } = config.electronFuses;
    assert.equal(resetAdHocDarwinSignature, true);
    assert.deepEqual(fuses, {
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
    });
    assert.deepEqual(Object.keys(fuses).toSorted(), fuseNames.toSorted());
  });

  test('has a configuration of which its tool knows every key, as the one release of it says that was asked', () => {
    const scheme = JSON.parse(readFileSync(inRoot('packaging', 'electron-builder.scheme.json'), 'utf8'));
    assert.deepEqual(faultsOf(config, scheme), []);
    const { runAsNode, ...fuses } = config.electronFuses;
    for (const [wrong, said] of [
      [{ ...config, asarr: true }, 'config.asarr is not known'],
      [
        { ...config, electronFuses: { ...fuses, runAsNodes: runAsNode } },
        'config.electronFuses.runAsNodes is not known',
      ],
      [
        { ...config, electronFuses: { ...fuses, runAsNode: 'no' } },
        'config.electronFuses.runAsNode is string, not boolean',
      ],
      [{ ...config, linux: { target: [7] } }, 'config.linux.target[0] is number, not string'],
      [{ ...config, protocols: [{ name: 'x' }] }, 'config.protocols[0].schemes is missing'],
    ])
      assert.deepEqual(faultsOf(wrong, scheme), [said]);
  });

  test('holds what is built and what it needs, and opens invitations alone', () => {
    for (const pattern of config.files)
      assert.match(pattern, /^(out\/(main|preload|renderer)|resources)\/\*\*$|^[\w.]+$/);
    assert.deepEqual(
      config.protocols.flatMap(({ schemes }) => schemes),
      ['roundscope'],
    );
  });

  test('is read as Electron writes it', () => {
    const right = '01001100';
    assert.equal(fusesIn(program(right)).length, 2);
    assert.deepEqual(wrongFuses(program(right), config.electronFuses), []);
    for (const [i, name] of fuseNames.entries()) {
      const states = right.split('');
      states[i] = states[i] === '1' ? '0' : '1';
      const wrong = wrongFuses(program(states.join('')), config.electronFuses);
      assert.equal(wrong.length, 2);
      assert.match(wrong[0], new RegExp(`^${name} is `));
    }
    assert.deepEqual(wrongFuses(program('01001rr0'), config.electronFuses).length, 2, 'a removed fuse is off');
    assert.throws(() => fusesIn(program(right, 2)), /version 2/);
    assert.throws(() => fusesIn(Buffer.alloc(100)), /no program of Electron/);
  });

  const packaged = process.env.ROUNDSCOPE_PACKAGED;
  test('as it was built', { skip: packaged ? false : 'ROUNDSCOPE_PACKAGED names no packaged program' }, () => {
    assert.deepEqual(wrongFuses(readFileSync(packaged), config.electronFuses), []);
  });
});
