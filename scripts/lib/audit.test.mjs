import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { advisoriesOf, checkSignatures } from './audit.mjs';

const advisory = {
  ...{ id: 1, url: 'https://advisories.example/1', title: 'it can be made to do anything' },
  ...{ vulnerable_versions: '<1.0.1', cwe: [], cvss: { score: 0, vectorString: null } },
};

/** A registry that answers npm's question for advisories so, and a project that has one package from it. */
async function registryWith(t, answer) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const send = (status, body) => response.writeHead(status).end(JSON.stringify(body));
    request.resume().once('end', () => {
      if (request.url.endsWith('/advisories/bulk')) return send(...answer);
      if (request.url !== '/tool') return send(404, {});
      const version = { name: 'tool', version: '1.0.0', dist: { tarball: `http://${request.headers.host}/tool.tgz` } };
      return send(200, { name: 'tool', versions: { '1.0.0': version }, 'dist-tags': { latest: '1.0.0' } });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-audit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const manifest = { name: 'project', version: '1.0.0', dependencies: { tool: '1.0.0' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const packages = { '': manifest, 'node_modules/tool': { version: '1.0.0' } };
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true, packages }),
  );
  const environment = {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${server.address().port}/`,
    npm_config_cache: join(folder, 'cache'),
  };
  return { folder, environment, asked };
}

describe('what the registry says of the dependencies', () => {
  test('an advisory of weight fails, one of little weight is told, none passes', async (t) => {
    const bad = await registryWith(t, [200, { tool: [{ ...advisory, severity: 'high' }] }]);
    assert.deepEqual(await advisoriesOf(bad), {
      ...{ what: 'advisories', state: 'failed', words: 'npm audit tells of tool (high)' },
    });
    assert.ok(
      bad.asked.some((line) => line.startsWith('POST ')),
      bad.asked.join(),
    );
    const slight = await registryWith(t, [200, { tool: [{ ...advisory, severity: 'low' }] }]);
    const { state, words } = await advisoriesOf(slight);
    assert.equal(state, 'passed');
    assert.match(words, /^1 of little weight/);
    assert.deepEqual(await advisoriesOf(await registryWith(t, [200, {}])), {
      ...{ what: 'advisories', state: 'passed', words: 'none' },
    });
  });

  test('a registry that does not offer it, and one that is not there, are no pass', async (t) => {
    const mirror = await registryWith(t, [405, { error: 'not here' }]);
    const { state, words } = await advisoriesOf(mirror);
    assert.equal(state, 'skipped', words);
    assert.match(words, /405/);
    const gone = { ...mirror, environment: { ...mirror.environment, npm_config_registry: 'http://127.0.0.1:1/' } };
    assert.equal((await advisoriesOf(gone)).state, 'skipped');
  });

  test('signatures: what is wrong fails by name, what npm cannot ask is skipped, what nobody foresaw fails', () => {
    const check = (value, timedOut = false) =>
      checkSignatures({ output: typeof value === 'string' ? value : JSON.stringify(value), timedOut });
    assert.equal(check({ invalid: [], missing: [] }).state, 'passed');
    const one = { name: 'tool', version: '1.0.0' };
    for (const [value, expected] of [
      [{ invalid: [one], missing: [] }, /not signed .*: tool@1\.0\.0/],
      [{ invalid: [], missing: [one] }, /without a signature: tool@1\.0\.0/],
    ]) {
      assert.equal(check(value).state, 'failed');
      assert.match(check(value).words, expected);
    }
    for (const summary of [
      'request to https://keys.example/root.json failed, reason: getaddrinfo ENOTFOUND keys.example',
      'found no dependencies to audit that were installed from a supported registry',
      '404 Not Found - GET https://registry.example/-/npm/v1/keys',
    ])
      assert.deepEqual(check({ error: { code: 'E', summary } }), {
        what: 'signatures',
        state: 'skipped',
        words: summary,
      });
    assert.equal(check('', true).state, 'skipped');
    assert.equal(check({ error: { summary: 'cannot read properties of undefined' } }).state, 'failed');
    assert.equal(check('').state, 'failed');
  });
});
